import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import { concat } from "../../../lib/core/bytes.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { decodeFax, type FaxCoding } from "../../../lib/codecs/tiff/fax.ts";
import { decodeImage, decodeSamples } from "../../../lib/image/decode.ts";
import { readFrames } from "../../../lib/image/frames.ts";
import { fixture } from "../../support/fixtures.ts";
import { stepsOf } from "../../support/steps.ts";
import { workDone } from "../../support/work_done.ts";

const limits = { maxPixels: 1_000_000 };
const MIB = 2 ** 20;

const is = (code: string, message = /./) => (error: unknown) =>
  error instanceof EdgeError && error.code === code &&
  message.test(error.message);

/** A directory of LONGs at a place of a file; values that are lists of several stand behind it. */
function directory(
  tags: Record<number, number | number[]>,
  at: number,
  next = 0,
): Uint8Array {
  const entries = Object.entries(tags);
  const head = 2 + 12 * entries.length + 4;
  const lists = entries.flatMap(([, v]) =>
    Array.isArray(v) && v.length > 1 ? v : []
  );
  const out = new Uint8Array(head + 4 * lists.length);
  const view = new DataView(out.buffer);
  view.setUint16(0, entries.length, true);
  let list = head;
  entries.forEach(([tag, value], i) => {
    const values = [value].flat();
    const entry = 2 + 12 * i;
    view.setUint16(entry, Number(tag), true);
    view.setUint16(entry + 2, 4, true);
    view.setUint32(entry + 4, values.length, true);
    const first = values.length > 1 ? list : entry + 8;
    if (values.length > 1) view.setUint32(entry + 8, at + list, true);
    values.forEach((v, k) => view.setUint32(first + 4 * k, v, true));
    if (values.length > 1) list += 4 * values.length;
  });
  view.setUint32(head - 4, next, true);
  return out;
}

const HEAD = Uint8Array.of(0x49, 0x49, 42, 0, 8, 0, 0, 0);

/** A grey 8-bit picture in one strip, but for the tags given. */
function tiffOf(
  width: number,
  height: number,
  data: Uint8Array,
  tags: Record<number, number | number[]> = {},
): Uint8Array {
  const all: Record<number, number | number[]> = {
    ...{ 256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 0, 277: 1 },
    279: data.length,
    ...tags,
  };
  const offset = 8 + directory(all, 8).length;
  if (all[273] === 0) all[273] = offset;
  return concat([HEAD, directory(all, 8), data]);
}

Deno.test("every page of a TIFF is checked against the limits by its own size", async () => {
  const { bytes } = fixture("pages-mixed.tiff");
  const small = { maxPixels: 19 * 13 }; // the second page has 31 × 7
  const read = [];
  for await (const { raster } of readFrames(bytes, small)) {
    read.push(raster.width);
    if (read.length === 2) break;
  }
  deepEqual(read, [19, 31]);
  const less = { maxPixels: 31 * 7 };
  await rejects(Array.fromAsync(readFrames(bytes, less)), is("too-large"));
  await rejects(decodeImage(bytes, less), is("too-large"));
  equal((await decodeImage(bytes, less, 1)).width, 31);
});

Deno.test("a list of pages that leads back, or a stack of one picture, is read with a doubt", async () => {
  const codes = async (name: string) =>
    (await decodeImage(fixture(name).bytes, limits)).warnings
      ?.map(({ code }) => code);
  deepEqual(await codes("pages-in-a-circle.tiff"), ["end-mended"]);
  deepEqual(await codes("imagej-one-left.tiff"), ["contradiction"]);
  deepEqual(await codes("pages-4.tiff"), undefined);
});

Deno.test("an ImageJ stack that lacks pictures is truncated", async () => {
  const { bytes } = fixture("imagej-single.tiff");
  const short = bytes.subarray(0, bytes.length - 900);
  await rejects(decodeImage(short, limits), is("truncated", /picture 4/));
});

Deno.test("directories that share bytes are refused, however many a file lists", async () => {
  // 2000 directories of 60,000 entries, each four bytes after the one before, in a file of 740 kB.
  const bytes = new Uint8Array(8 + 12 * 60_000 + 16_000).fill(0xea);
  bytes.set(HEAD);
  const view = new DataView(bytes.buffer);
  for (let at = 8; at < 8 + 8000; at += 4) view.setUint16(at, 60_000, true);
  for (let i = 0; i < 2000; i++) {
    const at = 8 + 4 * i;
    view.setUint32(at + 2 + 12 * 60_000, at + 4, true);
  }
  const steps = await stepsOf(() =>
    rejects(decodeImage(bytes, limits), is("malformed"))
  );
  ok(steps < 10 * 60_000, `${steps} steps`);
});

Deno.test("zstd that holds far too much is refused early", async () => {
  const bomb = zstdCompressSync(new Uint8Array(100_000_000));
  const { allocated } = await workDone(() =>
    rejects(
      decodeImage(tiffOf(10, 10, bomb, { 259: 50000 }), limits),
      is("malformed", /zstd/),
    )
  );
  ok(allocated < 10_000, `${allocated} bytes`);
});

Deno.test("a picture that its data cannot fill is refused before allocating", async () => {
  const none = new Uint8Array(4);
  const cases: Record<number, number>[] = [
    { 259: 1 },
    { 259: 2, 258: 1 },
    { 259: 4, 258: 1 },
    { 259: 5 },
    { 259: 7 },
    { 259: 8 },
    { 259: 32773 },
    { 259: 50000 },
  ];
  for (const tags of cases) {
    const file = tiffOf(1000, 1000, none, tags);
    const { allocated } = await workDone(() =>
      rejects(decodeImage(file, limits), is("truncated"), `${tags[259]}`)
    );
    ok(allocated < 4096, `${tags[259]}: ${allocated} bytes`);
  }
});

Deno.test("a strip of many channels is no larger than its picture can need", async () => {
  const file = tiffOf(1000, 1000, new Uint8Array(100_000), {
    ...{ 259: 50000, 277: 3000 },
  });
  const { allocated } = await workDone(() =>
    rejects(decodeImage(file, limits), is("too-large"))
  );
  ok(allocated < 4096, `${allocated} bytes`);
});

Deno.test("tiles far larger than their picture, and too many of JPEG, are refused", async () => {
  const thin = (count: number, tags: Record<number, number | number[]>) =>
    tiffOf(4, 60_000, new Uint8Array(count), {
      ...tags,
      ...{ 322: 1024, 323: 1 },
      324: Array(60_000).fill(8),
      325: Array(60_000).fill(1),
    });
  await rejects(
    decodeImage(thin(60_000, {}), limits),
    is("malformed", /far larger/),
  );
  const strips = tiffOf(8, 20_000, new Uint8Array(20_000), {
    ...{ 259: 7, 278: 1 },
    273: Array(20_000).fill(8),
    279: Array(20_000).fill(1),
  });
  const { codecs } = await workDone(() =>
    rejects(decodeImage(strips, limits), is("unsupported-type", /16384/))
  );
  equal(codecs, 0);
});

Deno.test("the strips of a JPEG picture share one decoder", async () => {
  const { bytes } = fixture("jpeg-ycbcr-420-tiles.tiff");
  await decodeImage(bytes, limits);
  const { codecs, grown } = await workDone(() => decodeImage(bytes, limits));
  equal(codecs, 1);
  ok(grown < 66 * MIB, `${grown} bytes`);
});

Deno.test("a mask is told the opacity and the palette's indices, a picture is not", async () => {
  const name = "rgb-two-extra-planes.tiff";
  const { bytes } = fixture(name);
  const { samples } = await decodeSamples(bytes, limits, {
    forMask: true,
  });
  const values = [...new Set(samples.alpha)].toSorted((a, b) => a - b);
  deepEqual([samples.alpha!.length, values], [19 * 13, [0, 200]]);
  for (const other of ["rgb-unassociated.tiff", "rgb-associated.tiff"]) {
    const again = await decodeSamples(fixture(other).bytes, limits, {
      forMask: true,
    });
    deepEqual(again.samples.alpha, samples.alpha, other);
  }
  equal((await decodeSamples(bytes, limits)).samples.alpha, undefined);

  const palette = fixture("palette-lzw.tiff").bytes;
  const { samples: { indices } } = await decodeSamples(
    palette,
    limits,
    { forMask: true },
  );
  equal(indices!.length, 19 * 13);
  ok(indices!.every((i) => i < 20));
});

Deno.test("a colour map of bytes where words are meant is read as bytes", async () => {
  const map = Array.from({ length: 3 * 256 }, (_, i) => i % 256);
  const tags = { 262: 3, 320: map };
  const { data } = await decodeImage(
    tiffOf(2, 1, Uint8Array.of(40, 200), tags),
    limits,
  );
  deepEqual([...data], [40, 40, 40, 200, 200, 200]);
});

Deno.test("a volume in one page is refused, not read as its first plane", async () => {
  const volume = tiffOf(2, 1, new Uint8Array(6), { 32997: 3 });
  await rejects(
    decodeImage(volume, limits),
    is("unsupported-type", /a volume in one page/),
  );
});

Deno.test("what is not read is named", async () => {
  const named: Record<string, RegExp> = {
    "refused-raw.tiff": /camera/,
    "refused-raw-below-thumbnail.tiff": /camera/,
    "refused-old-jpeg.tiff": /old-style JPEG/,
    "refused-lerc.tiff": /LERC/,
    "refused-cielab.tiff": /CIELab/,
    "refused-complex.tiff": /complex/,
    "refused-float24.tiff": /24-bit float/,
    "refused-mixed-bits.tiff": /8,8,16/,
  };
  for (const [name, message] of Object.entries(named)) {
    await rejects(
      decodeImage(fixture(name).bytes, limits),
      is("unsupported-type", message),
      name,
    );
  }
});

Deno.test("fax data of no codes, of lines too long and of fewer lines are refused", () => {
  const refused = (bytes: number[], coding: FaxCoding, code: string) => {
    try {
      decodeFax(Uint8Array.from(bytes), 16, 3, coding);
    } catch (error) {
      return ok(is(code)(error), `${coding}: ${error}`);
    }
    throw new Error(`${coding} took ${bytes}`);
  };
  // Three lines like the one above, white, and no bits after them.
  equal(decodeFax(Uint8Array.of(0b1110_0000), 16, 3, "t6").length, 6);
  refused([0b1100_0000], "t6", "truncated");
  refused([0x00, 0x10, 0x01], "t6", "truncated"); // the end of the block
  refused([0b0000_0010, 0, 0, 0], "t6", "unsupported-type");
  refused([0b0100_0001, 0, 0], "t6", "malformed"); // left of the change before
  refused([0b1101_1000, 0xff, 0xff], "huffman", "malformed"); // 64 + of 16
  refused([0x80, 0, 0], "t4-2d", "malformed");
  refused([0x00, 0x10, 0x01, 0x00, 0x10, 0x01], "t4", "truncated");
});

import assert from "node:assert/strict";
import { deflateSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import { decodeImage } from "../../../lib/image/decode.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { readPngChunks } from "../../../lib/codecs/png/chunks.ts";
import type { Raster } from "../../../lib/core/raster.ts";
import { damagedFiles } from "../../support/damaged.ts";
import { chunk, fixture, fixtures, worst } from "../../support/fixtures.ts";
import { length } from "../../support/length.ts";

const limits = { maxPixels: 1_000_000 };

/** How often each property is tried. */
const RUNS = 1000;
/** Into how many pieces a file is cut. */
const CUTS = length(50, 150);

/**
 * The raster, or the code of the EdgeError; anything else that is thrown fails
 * the test.
 */
async function attempt(bytes: Uint8Array): Promise<Raster | string> {
  try {
    return await decodeImage(bytes, limits, 0);
  } catch (error) {
    assert.ok(error instanceof EdgeError, `threw ${error}`);
    return error.code;
  }
}

Deno.test("a file cut anywhere is refused, or gives the whole picture", async () => {
  for (const { name, bytes, refused } of fixtures) {
    if (refused) continue;
    const whole = await attempt(bytes);
    assert.ok(typeof whole !== "string");
    const step = Math.max(1, Math.floor(bytes.length / CUTS));
    for (let kept = 0; kept < bytes.length; kept += step) {
      const result = await attempt(bytes.subarray(0, kept));
      if (typeof result === "string") {
        const wanted = kept === 0 ? "empty" : "truncated";
        assert.ok(
          result === wanted || (result === "malformed" && kept > 4) ||
            // Cut between two elements it is a DICOM file without an image.
            (result === "unsupported-type" && /\.dcm$/.test(name)),
          `${name} cut to ${kept} bytes: ${result}`,
        );
      } else {
        assert.deepEqual(result.data, whole.data, `${name} cut to ${kept}`);
      }
    }
  }
});

Deno.test("a JPEG cut in its picture data is refused even if an end marker follows", async () => {
  for (const name of ["rgb-444.jpg", "rgb-420.jpg", "grey.jpg"]) {
    const { bytes } = fixture(name);
    const start = bytes.lastIndexOf(0xda) + 12;
    for (let kept = start; kept < bytes.length - 8; kept += 3) {
      if (bytes[kept - 1] === 0xff) continue;
      const cut = new Uint8Array(kept + 2);
      cut.set(bytes.subarray(0, kept));
      cut.set([0xff, 0xd9], kept);
      assert.equal(typeof await attempt(cut), "string", `${name} at ${kept}`);
    }
  }
});

Deno.test("a damaged file gives a picture or an EdgeError", async () => {
  await fc.assert(
    fc.asyncProperty(damagedFiles, async ({ bytes }) => {
      const result = await attempt(bytes);
      if (typeof result === "string") return;
      const { width, height, channels, data } = result;
      assert.equal(data.length, width * height * channels);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("a PNG whose unpacked lines are damaged gives a picture or an EdgeError", async () => {
  const pngs = fixtures.filter((f) =>
    !f.refused && /^[a-z0-9-]+\.png$/.test(f.name)
  );
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...pngs),
      damage,
      async ({ bytes }, changes) => {
        const { data } = readPngChunks(bytes);
        const raw = inflateSync(Uint8Array.of(...data.flatMap((d) => [...d])));
        for (const [position, value] of changes) {
          raw[position % raw.length] = value;
        }
        const result = await attempt(
          Uint8Array.of(
            ...bytes.subarray(0, data[0].byteOffset - bytes.byteOffset - 8),
            ...chunk("IDAT", deflateSync(raw)),
            ...chunk("IEND", new Uint8Array(0)),
          ),
        );
        assert.ok(
          typeof result !== "string" || result === "malformed",
          `${result}`,
        );
      },
    ),
    { numRuns: RUNS },
  );
});

Deno.test("random bytes after a known signature are refused", async () => {
  const signatures = [
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    [0xff, 0xd8, 0xff],
    [0x49, 0x49, 0x2a, 0x00],
    [0x4d, 0x4d, 0x00, 0x2a],
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...signatures),
      fc.uint8Array({ maxLength: 300 }),
      async (signature, rest) => {
        const result = await attempt(Uint8Array.of(...signature, ...rest));
        assert.equal(typeof result, "string");
      },
    ),
  );
});

Deno.test("a JPEG whose scans leave out a component is truncated", async () => {
  const { bytes } = fixture("grey.jpg");
  const frame = bytes.indexOf(0xc0); // one component becomes three
  const three = Uint8Array.of(
    ...bytes.subarray(0, frame + 1),
    ...[0, 17],
    ...bytes.subarray(frame + 3, frame + 8),
    ...[3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0],
    ...bytes.subarray(frame + 12),
  );
  await assert.rejects(
    decodeImage(three, limits),
    /ends before 2 of its 3 components/,
  );
});

Deno.test("a JPEG may have zeros before its end marker, or a few bytes, not many", async () => {
  const { bytes, pixels, tolerance } = fixture("grey.jpg");
  const padded = (count: number, value: number) =>
    Uint8Array.of(
      ...bytes.subarray(0, -2),
      ...new Uint8Array(count).fill(value),
      ...bytes.subarray(-2),
    );
  for (const file of [padded(4, 7), padded(40, 0)]) {
    const result = await attempt(file);
    assert.ok(
      typeof result !== "string" && worst(result.data, pixels) <= tolerance,
    );
  }
  assert.equal(await attempt(padded(40, 7)), "malformed");
});

Deno.test("a progressive JPEG without its last scans is truncated, even if an end marker follows", async () => {
  for (const name of ["grey-progressive.jpg", "rgb-420-progressive.jpg"]) {
    const { bytes } = fixture(name);
    for (let at = bytes.length; at > 0;) {
      at = bytes.lastIndexOf(0xff, at - 1);
      if (bytes[at + 1] !== 0xda) continue;
      const coarse = Uint8Array.of(...bytes.subarray(0, at), 0xff, 0xd9);
      assert.match(String(await attempt(coarse)), /truncated|malformed/, name);
    }
  }
});

Deno.test("a few stray bytes before restart markers are left out, with a doubt", async () => {
  const { bytes, pixels, tolerance } = fixture("rgb-restart.jpg");
  const at = bytes.findIndex((byte, i) =>
    byte === 0xff && bytes[i + 1] === 0xd0
  );
  const strays = (count: number) =>
    Uint8Array.of(
      ...bytes.subarray(0, at),
      ...new Uint8Array(count).fill(7),
      ...bytes.subarray(at),
    );
  const { data, warnings } = await decodeImage(strays(3), limits);
  assert.ok(worst(data, pixels) <= tolerance);
  assert.deepEqual(warnings?.map(({ code }) => code), ["contradiction"]);
  assert.equal(await attempt(strays(40)), "malformed");
});

Deno.test("a changed checksum is noticed, even in metadata", async () => {
  const bytes = fixture("rgb-8.png").bytes.slice();
  bytes[29] ^= 1;
  assert.equal(await attempt(bytes), "malformed");
});

Deno.test("a view into a larger buffer is read by its own bounds", async () => {
  for (const name of ["rgb-8.png", "rgb-420.jpg", "lossy.webp", "tiles.tiff"]) {
    const f = fixture(name);
    const larger = new Uint8Array(f.bytes.length + 200).fill(0xff);
    larger.set(f.bytes, 77);
    const view = larger.subarray(77, 77 + f.bytes.length);
    const result = await decodeImage(view, limits);
    assert.ok(worst(result.data, f.pixels) <= f.tolerance, name);
    assert.equal(larger[76], 0xff);
    assert.deepEqual(view, f.bytes, `${name} must not be changed`);
  }
});

Deno.test("messages tell sizes and kinds but quote no content", async () => {
  for (const { name, bytes } of fixtures) {
    const cut = bytes.subarray(0, bytes.length >> 1);
    try {
      await decodeImage(cut, limits);
    } catch (error) {
      assert.match(
        (error as Error).message,
        /^Cannot read the (image|PNG|JPEG|JPEG-LS|(High-Throughput )?JPEG 2000|JPEG XL|WebP|TIFF|GIF|BMP|AVIF|HEIC|DICOM|NIfTI|NRRD|MetaImage): .+\.$/,
        name,
      );
    }
  }
});

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { concat } from "../../../lib/core/bytes.ts";
import { decodeImage } from "../../../lib/image/decode.ts";
import { decodeJpeg2000Frame } from "../../../lib/dicom/pixels/codecs.ts";
import type { DicomLayout } from "../../../lib/dicom/pixels/layout.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { workDone } from "../../support/work_done.ts";

const MIB = 2 ** 20;
const unpack = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

const is = (code: string) => (error: unknown) =>
  error instanceof EdgeError && error.code === code;

/** Bits, the lowest of a byte first, as VP8L packs them. */
function bitsOf(...fields: [value: number, bits: number][]): Uint8Array {
  const bits = fields.flatMap(([value, count]) =>
    Array.from({ length: count }, (_, i) => (value >>> i) & 1)
  );
  const out = new Uint8Array(Math.ceil(bits.length / 8) + 8);
  bits.forEach((bit, i) => out[i >> 3] |= bit << (i & 7));
  return out;
}

/** A VP8L picture of one colour (RFC 9649 §3): five codes of one symbol each. */
function vp8l(side: number): Uint8Array {
  const codes = Array.from(
    { length: 5 },
    () => [[5, 3], [0, 8]] as [number, number][],
  );
  return bitsOf(
    [0x2f, 8],
    [side - 1, 14],
    [side - 1, 14],
    [0, 7],
    ...codes.flat(),
  );
}

function riff(...chunks: Uint8Array[]): Uint8Array {
  const body = concat(chunks);
  const head = new TextEncoder().encode("RIFF\0\0\0\0WEBP");
  new DataView(head.buffer).setUint32(4, body.length + 4, true);
  return concat([head, body]);
}

function webpChunk(body: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode("VP8L\0\0\0\0");
  new DataView(head.buffer).setUint32(4, body.length, true);
  return concat([head, body, new Uint8Array(body.length & 1)]);
}

Deno.test("a large WebP picture that poses as an unknown chunk before a small one is not decoded", async () => {
  const limits = { maxPixels: 1_000_000 };
  const small = webpChunk(vp8l(8));
  equal((await decodeImage(riff(small), limits)).width, 8);
  // A reader of chunks takes the picture's first bytes for a name and a length, and skips it.
  const large = vp8l(8192);
  const length = new DataView(large.buffer).getUint32(4, true);
  const posing = new Uint8Array(8 + length + (length & 1));
  posing.set(large);
  const file = riff(posing, small);
  const { grown } = await workDone(() =>
    rejects(decodeImage(file, limits), is("malformed"))
  );
  ok(grown < 128 * MIB, `${grown / MIB} MiB`);
});

/** Decodes JPEG 2000 as a grey DICOM frame of 8 bits. */
const decode = async (bytes: Uint8Array, width: number, height = width) => {
  const layout = { width, height, samples: 1, allocated: 8 } as DicomLayout;
  const { words } = await decodeJpeg2000Frame(bytes, {
    ...layout,
    photometric: "MONOCHROME2",
  });
  return new Uint8Array(words);
};

/** What the codestreams below show. */
const PICTURE = Uint8Array.from(
  { length: 1024 },
  (_, i) => ((i % 32) * 7 + (i >> 5) * 3) % 256,
);
/** By Pillow's OpenJPEG: PICTURE in four tiles, reversible. */
const TILED = unpack(
  "/0//UQApAAAAAAAgAAAAIAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABBwEB/1IADAAAAAEAAQQEAAH/XAAHQEBISFD/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAABTAAH/k9+BqBIrZwsifMOtS6dWpRv9vU2xRLRtuA+5OsChszSKocPBfsR1BA73Lu09Vyku0ib8H16ksgh/wHwiQDoYNqGFPz2mLv+QAAoAAQAAAGYAAf+Tz7TYLY3+jOtofzSJcmjU8OqimwxOO2uP+EX6SYjEeXSbZeSN4aqjzDkCt1V2P1TjcRLSgAPI0DM/35hUPqCI/AEAYlnqeYWw5Bdyt2CoqYP/T02/YKShf/+QAAoAAgAAAE8AAf+Tz7TEER6hZk4meWX1JQac+s32jCEi+VdrNHagE1bN3iOYLDmMI/BJE8XUecScfOv8JQFEP8B8IkA6GDahhT89pi7/kAAKAAMAAACTAAH/k9+B6C2NmV7rlcTk2Cz++Chn0AkMsZ+WkQpX5HUyRPRaANU7HuUjpSEJNWYfQGAltYqEtHQ79ZItM2Ab7PcePAzPwGI+0Xj8A0Axorddr0sosTEiDlI10TZLcoG84CnfpbAwTRdfdl+Umtn/OMS/uOJhOid1AuJJ3y6604MYefJ1nUqq/3//2Q==",
);
/** The same in one tile, as a JP2 file. */
const JP2 = unpack(
  "AAAADGpQICANCocKAAAAFGZ0eXBqcDIgAAAAAGpwMiAAAAAtanAyaAAAABZpaGRyAAAAIAAAACAAAQcHAAAAAAAPY29scgEAAAAAABEAAAGuanAyY/9P/1EAKQAAAAAAIAAAACAAAAAAAAAAAAAAACAAAAAgAAAAAAAAAAAAAQcBAf9SAAwAAAABAAEEBAAB/1wAB0BASEhQ/2QAJQABQ3JlYXRlZCBieSBPcGVuSlBFRyB2ZXJzaW9uIDIuNS40/5AACgAAAAABOQAB/5PfhZASNYuoPQvfKZKXHoROErlkKzfw95mWPGU3PO/UkIQ30roh/2nt2zll5UHP7Ll3F5nUAaBRhzNaWUXDQNPbxbfSRpL5sf8tM3XH7wyZ3xGrVK3/Z5ZTIPnsJpJgA09SGe0zsyNLjaqhZ+xDFyZR/f9TgJ9gekMk6qgj6O3MuklreCXWiEgDbHzd8a02Ihmo3CBsdtNbspHaOQv7Th3egUnVVh7xUotM1VXX/Z1KLTNlGLaqqpRv4Xou6qsA2Ksv4otbiAmiN4Gav9+ZJH2kMfgJAIuIimRAqpu5cPK3gEHH7RZLI1A7GmCtaeyb9MJGDh+ZiNFSH4uZwTdKqT+EoDLM4JS0DMOoEuf/dLsiCpX8pD0rChRaR4upo3iVXhbvBL3wCAZfz0n/f//Z",
);
/** A black picture of 5000×5000 in one tile whose precincts are stated. */
const LARGE = unpack(
  "/0//UQApAAAAABOIAAATiAAAAAAAAAAAAAATiAAAE4gAAAAAAAAAAAABBwEB/1IAEgEAAAEABQQEAAF3iJmqu8z/XAATQEBISFBISFBISFBISFBISFD/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAACPAAH/k+/gFfwCv4BX8AoRUFSv/3/piWB/EVBUr/9/6YlgfxFQVK//f+mJYH8RUFSv/3/piWB/7+AT/AJAEVBUr/9+/YTfEVBUr/9+/YTf7+AT/AJAEVBUr/9//sWfEVBUr/9//sWf34BAEVBUr/9/4S+AgICAgICAgICAgICAgICAgICAgP/Z",
);

Deno.test("JPEG 2000 in tiles, and in a JP2 file, is read", async () => {
  deepEqual(await decode(TILED, 32), PICTURE);
  deepEqual(await decode(JP2, 32), PICTURE);
});

Deno.test("a small codestream in a JP2 file is no lure before a large one", async () => {
  const box = new Uint8Array(8 + 60);
  new DataView(box.buffer).setUint32(0, box.length);
  box.set(new TextEncoder().encode("uuid"), 4);
  box.set(JP2.subarray(85, 85 + 52), 8);
  const at = 77; // of the box that holds the codestream
  const large = JP2.slice(at);
  const view = new DataView(large.buffer);
  for (const field of [8, 12, 24, 28]) view.setUint32(8 + field, 5000);
  const file = concat([JP2.subarray(0, at), box, large]);
  await rejects(decode(file, 32), is("malformed"));
});

Deno.test("JPEG 2000 of more tiles than its bytes can hold is refused before memory is taken", async () => {
  for (
    const [side, tile, code] of [[255, 1, "unsupported-type"], [
      255,
      4,
      "truncated",
    ]] as const
  ) {
    const bytes = TILED.slice();
    const view = new DataView(bytes.buffer);
    for (const at of [8, 12]) view.setUint32(at, side);
    for (const at of [24, 28]) view.setUint32(at, tile);
    const { grown } = await workDone(() =>
      rejects(decode(bytes, side), is(code))
    );
    equal(grown, 0);
  }
});

Deno.test("a codec gets no more memory than its picture can need", async () => {
  equal((await decode(LARGE, 5000)).length, 25_000_000);
  const bytes = LARGE.slice();
  const precincts =
    bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0x52) + 14;
  bytes.fill(0x11, precincts, precincts + 6);
  const { grown } = await workDone(() =>
    rejects(decode(bytes, 5000), EdgeError)
  );
  ok(grown <= 64 * MIB + 16 * 25e6 + bytes.length, `${grown / MIB} MiB`);
});

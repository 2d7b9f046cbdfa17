import assert from "node:assert/strict";
import { EdgeError } from "../../../../lib/core/errors.ts";
import { readSize } from "../../../../lib/image/decode.ts";
import { checkMediaType } from "../../../../lib/image/media_type.ts";
import { checkSize } from "../../../../lib/core/raster.ts";
import { fixture, fixtures } from "../../../support/fixtures.ts";

const is = (code: string) => (error: unknown) =>
  error instanceof EdgeError && error.code === code;

Deno.test("readSize gives every fixture's stored size without decoding", () => {
  for (const { name, bytes, refused, width, height } of fixtures) {
    if (
      /^(apple\.png|jpeg\.bmp|refused-.+\.(dcm|tiff|avif|heic|jxl))$/.test(name)
    ) continue;
    // A volume that is refused is mostly refused by its header.
    if (
      refused && /\.(nii|hdr|nii\.gz|hdr\.gz|nrrd|nhdr|mha|mhd)$/.test(name)
    ) {
      continue;
    }
    const turned = /orientation-[5-8]/.test(name);
    const stored = refused
      ? { width: 19, height: 13 }
      : turned
      ? { width: height, height: width }
      : { width, height };
    assert.deepEqual(readSize(bytes, checkMediaType(bytes)), stored, name);
  }
});

Deno.test("readSize needs only the first bytes", () => {
  const png = fixture("rgb-8.png").bytes.subarray(0, 33);
  assert.deepEqual(readSize(png, "image/png"), { width: 19, height: 13 });
  const { bytes } = fixture("rgb-420-progressive.jpg");
  const frame = bytes.indexOf(0xc2);
  assert.deepEqual(readSize(bytes.subarray(0, frame + 18), "image/jpeg"), {
    width: 19,
    height: 13,
  });
});

Deno.test("sides of zero are malformed", () => {
  const png = fixture("rgb-8.png").bytes.slice();
  png.fill(0, 16, 20);
  assert.throws(() => readSize(png, "image/png"), is("malformed"));

  const jpeg = fixture("rgb-444.jpg").bytes.slice();
  const frame = jpeg.indexOf(0xc0);
  jpeg.fill(0, frame + 4, frame + 6);
  assert.throws(() => readSize(jpeg, "image/jpeg"), is("malformed"));

  const webp = fixture("lossy.webp").bytes.slice();
  webp.fill(0, 26, 28);
  assert.throws(() => readSize(webp, "image/webp"), is("malformed"));

  const tiff = fixture("big-endian-grey.tiff").bytes.slice();
  const directory = new DataView(tiff.buffer).getUint32(4);
  for (let at = directory + 2;; at += 12) {
    if (tiff[at] === 1 && tiff[at + 1] === 0) { // tag 256, the width
      tiff.fill(0, at + 8, at + 12);
      break;
    }
  }
  assert.throws(() => readSize(tiff, "image/tiff"), is("malformed"));
});

Deno.test("a WebP canvas must agree with its picture", () => {
  const webp = fixture("lossy-alpha.webp").bytes.slice();
  webp[24] = 200; // VP8X canvas width − 1
  assert.throws(() => readSize(webp, "image/webp"), is("malformed"));
});

Deno.test("checkSize counts pixels, not sides", () => {
  checkSize({ width: 1000, height: 1 }, { maxPixels: 1000 });
  assert.throws(
    () => checkSize({ width: 1001, height: 1 }, { maxPixels: 1000 }),
    is("too-large"),
  );
});

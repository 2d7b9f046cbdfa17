import { ok, throws } from "node:assert/strict";
import { EdgeError } from "../../../lib/core/errors.ts";
import { readJpegMarkers } from "../../../lib/codecs/jpeg/markers.ts";
import { decodeRareJpeg } from "../../../lib/codecs/jpeg/rare.ts";
import { fixture, fixtures, worst } from "../../support/fixtures.ts";

/** How far two inverse transforms and two interpolations of colour may differ, grey levels. */
const CLOSE = 3;

const ordinary = fixtures.filter(({ name, refused }) =>
  !refused && /^(grey|rgb|mask|trailing)[a-z0-9-]*\.jpg$/.test(name) &&
  !/12|no-end/.test(name)
);

for (const { name, bytes, pixels } of ordinary) {
  Deno.test(`our own JPEG decoder reads ${name} as MozJPEG does`, () => {
    const { data } = decodeRareJpeg(bytes, readJpegMarkers(bytes));
    const difference = worst(data as Uint8Array, pixels);
    ok(difference <= CLOSE, `${difference} levels off`);
  });
}

Deno.test("our own JPEG decoder refuses data that are cut, wherever", () => {
  for (const name of ["cmyk-plain.jpg", "cmyk-progressive.jpg", "ycck.jpg"]) {
    const { bytes } = fixture(name);
    const markers = readJpegMarkers(bytes);
    const start = bytes.indexOf(0xda);
    for (let kept = start; kept < bytes.length - 2; kept += 7) {
      throws(() => decodeRareJpeg(bytes.subarray(0, kept), markers), EdgeError);
    }
  }
});

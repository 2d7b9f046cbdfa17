import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { readHeifHeader } from "../../../lib/codecs/heif/header.ts";
import { decodeJpegXl } from "../../../lib/codecs/jpeg_xl/decode.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { decodeSamples } from "../../../lib/image/decode.ts";
import { fixture, worst } from "../../support/fixtures.ts";

const limits = { maxPixels: 1_000_000 };
const [WIDTH, HEIGHT] = [19, 13];

/** The alpha of `smooth(4)` in library_formats.py. */
const alpha = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
  const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
  return Math.round((x * 2.5 / WIDTH + y * 0.5 / HEIGHT) / 3 * 255);
});

for (
  const [name, tolerance] of [["avif", 4], ["heic", 4], ["jxl", 1]] as const
) {
  Deno.test(`alpha of ${name} is read for masks alone`, async () => {
    const { bytes } = fixture(`rgba.${name}`);
    const picture = await decodeSamples(bytes, limits);
    equal(picture.samples.alpha, undefined);
    const mask = await decodeSamples(bytes, limits, {
      forMask: true,
    });
    const off = worst(mask.samples.alpha!, alpha);
    ok(off <= tolerance, `${off} levels off`);
    deepEqual(mask.samples.data, picture.samples.data);
  });
}

Deno.test("deep samples keep their bits", async () => {
  for (
    const [name, max] of [
      ["rgb-10.avif", 1023],
      ["grey-12.avif", 4095],
      ["rgb-10.heic", 1023],
      ["grey-10.heic", 1023],
      ["grey-12.jxl", 4095],
      ["rgb-16.jxl", 65_535],
    ] as const
  ) {
    const { samples } = await decodeSamples(fixture(name).bytes, limits);
    equal(samples.max, max, name);
    const top = [...samples.data].reduce((a, b) => Math.max(a, b));
    ok(top > max / 3 && top <= max, `${name}: ${top}`);
  }
});

Deno.test("JPEG XL is lossless where its header says so", async () => {
  const lossy = async (name: string) =>
    (await decodeJpegXl(fixture(name).bytes)).lossy;
  for (const name of ["labels.jxl", "rgb-16.jxl", "turned-5.jxl"]) {
    equal(await lossy(name), false, name);
  }
  for (const name of ["rgb-lossy.jxl", "grey-lossy.jxl", "recompressed.jxl"]) {
    equal(await lossy(name), true, name);
  }
});

Deno.test("a label map in JPEG XL keeps its labels", async () => {
  const { samples } = await decodeSamples(fixture("labels.jxl").bytes, limits);
  deepEqual([...new Set(samples.data)].sort(), [0, 1, 2, 3]);
});

Deno.test("HEIF headers say what will be decoded", () => {
  const read = (name: string) => readHeifHeader(fixture(name).bytes);
  const shown = { coding: "HEVC", depth: 8, isGrey: false, hasAlpha: false };
  deepEqual(read("grid.heic"), {
    ...shown,
    width: 101,
    height: 90,
    orientation: 1,
    coded: 128 * 128,
  });
  deepEqual(read("grid-cropped.heic"), {
    ...shown,
    width: 61,
    height: 50,
    orientation: 1,
    coded: 128 * 128,
  });
  const { width, height, orientation, coding } = read("orientation-6.avif");
  deepEqual([width, height, orientation, coding], [20, 14, 6, "AV1"]);
});

Deno.test("boxes that contradict themselves are an EdgeError, wherever they are damaged", () => {
  const { bytes } = fixture("grid.heic");
  const head = bytes.length - 4000;
  for (let at = 0; at < Math.min(head, 1500); at++) {
    for (const value of [0, 1, 127, 255]) {
      const damaged = bytes.slice();
      damaged[at] = value;
      try {
        readHeifHeader(damaged);
      } catch (error) {
        ok(error instanceof EdgeError, `${at}: ${error}`);
      }
    }
  }
  throws(() => readHeifHeader(bytes.subarray(0, 100)), EdgeError);
});

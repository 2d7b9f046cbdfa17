import { deepEqual, equal } from "node:assert/strict";
import { mendHotPixels } from "../../../lib/codecs/hot_pixels.ts";
import { toRaster } from "../../../lib/codecs/samples.ts";

const [width, height] = [20, 15];
const ramp = () =>
  Uint16Array.from({ length: width * height }, (_, i) => 1000 + i % 100);
const size = { width, height, channels: 1 as const, lossy: false };

Deno.test("a hot pixel is shown like its neighbours, and told", () => {
  const max = 65_535;
  const clean = toRaster({ ...size, max, data: ramp() });
  equal(clean.warnings, undefined);
  for (const at of [0, 7, width - 1, 4 * width + 9, width * height - 1]) {
    const data = ramp();
    data[at] = max;
    const shown = toRaster({ ...size, max, data });
    deepEqual(shown.warnings?.map(({ code }) => code), ["hot-pixels"]);
    shown.data.forEach((level, i) => {
      const near = i === at ? 60 : 3;
      equal(Math.abs(level - clean.data[i]) <= near, true, `${at} ${i}`);
    });
  }
});

Deno.test("what is bright and no single pixel stays, and so does what is not far", () => {
  const data = ramp();
  for (const at of [45, 46]) data[at] = 60_000;
  data[130] = 1300;
  const levels = new Uint8Array(data.length).fill(255);
  const range = { low: 1000, high: 1099, least: 1000, most: 60_000 };
  equal(mendHotPixels(levels, data, width, range), 0);
});

Deno.test("a stated window is not touched", () => {
  const data = ramp();
  data[50] = 65_535;
  const window = [1000, 1100] as const;
  const shown = toRaster({ ...size, max: 65_535, data, window });
  equal(shown.data[50], 255);
  equal(shown.warnings, undefined);
});

import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { csvOf } from "../../../functions/page/csv.js";
import {
  areaGrowth,
  areaOf,
  areaText,
  growthText,
  pixelSize,
  volumeNote,
  volumeOf,
  volumeText,
} from "../../../functions/page/measures.js";

const facts = {
  format: "application/dicom",
  width: 512,
  height: 256,
  frames: 1,
  spacing: { x: 0.5, y: 0.8, z: null },
  slice: null,
  slices: null,
  acquiredAt: null,
  series: null,
};
const rle = { size: [256, 512] as [number, number], counts: "" };

Deno.test("an area is in mm² where the file or a person tells the size of a pixel", () => {
  deepEqual(areaOf({ facts, scale: null }, rle, 100), { px: 100, mm2: 40 });
  deepEqual(areaOf({ facts: null, scale: 0.5 }, rle, 100), {
    px: 100,
    mm2: 25,
  });
  deepEqual(
    areaOf({ facts: { ...facts, spacing: null }, scale: null }, rle, 9),
    {
      px: 9,
      mm2: null,
    },
  );
  deepEqual(
    pixelSize({ facts, scale: null }, [128, 256]),
    { x: 1, y: 1.6 },
    "of a picture that was scaled down by half",
  );
});

Deno.test("areas are compared in one unit or not at all", () => {
  const known = { px: 100, mm2: 40 };
  equal(areaGrowth({ px: 50, mm2: 60 }, known), 50);
  equal(areaGrowth({ px: 50, mm2: null }, { px: 100, mm2: null }), -50);
  equal(areaGrowth({ px: 50, mm2: null }, known), null);
  equal(areaGrowth(known, { px: 0, mm2: 0 }), null);
});

const slices = (...areas: [at: number, mm2: number | null][]) =>
  areas.map(([at, mm2]) => ({ at, mm2 }));

Deno.test("a volume is the sum of areas times thickness", () => {
  const whole = volumeOf(slices([4, 100], [0, 100], [2, 200]));
  deepEqual(whole, { ml: 0.8, slices: 3, missing: 0, step: 2 });
  const stated = volumeOf(slices([0, 100], [2, 100], [4, 0]), 2);
  deepEqual(stated, { ml: 0.4, slices: 3, missing: 0, step: 2 });
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1000 }), {
        minLength: 2,
        maxLength: 40,
      }),
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      (areas, step) => {
        const found = volumeOf(areas.map((mm2, i) => ({ at: i * step, mm2 })));
        const sum = areas.reduce((a, b) => a + b, 0);
        ok(Math.abs(found!.ml - sum * step / 1000) < 1e-6 * (1 + found!.ml));
        equal(found!.missing, 0);
      },
    ),
  );
});

Deno.test("a gap of a stack is told, and not filled", () => {
  const gap = volumeOf(
    slices([0, 100], [1, 100], [2, 100], [6, 100], [7, 100]),
  );
  deepEqual(gap, { ml: 0.5, slices: 5, missing: 3, step: 1 });
  equal(volumeText(gap!), "at least 0.5 ml");
  equal(
    volumeNote(gap!),
    "5 slices, 1 mm apart; 3 not measured, which are left out",
  );
  const failed = volumeOf(
    slices([0, null], [1, 100], [2, null], [3, 100], [4, null]),
  );
  deepEqual(failed, { ml: 0.2, slices: 2, missing: 3, step: 1 });
});

Deno.test("a slice counts half the way to neighbours at unequal steps", () => {
  // Steps of 1 and 1.2 mm: (0.5 + 0.5) + (0.5 + 0.6) + (0.6 + 0.5) of 1000 mm².
  const found = volumeOf(slices([0, 1000], [1, 1000], [2.2, 1000]), 1);
  ok(Math.abs(found!.ml - 3.2) < 1e-9);
});

Deno.test("what is no stack has no volume", () => {
  equal(volumeOf([]), null);
  equal(volumeOf(slices([3, 100])), null);
  equal(volumeOf(slices([0, 1], [1, 1], [1, 1])), null, "one place twice");
  equal(volumeOf(slices([0, null], [1, null])), null, "nothing is measured");
});

Deno.test("numbers are written with their units", () => {
  equal(areaText({ px: 12345, mm2: null }), "12,345 px");
  equal(areaText({ px: 1, mm2: 1234.4 }), "1,234 mm²");
  equal(areaText({ px: 1, mm2: 0.12345 }), "0.123 mm²");
  equal(growthText(-12.4), "−12%");
  equal(growthText(250), "+250%");
  equal(growthText(0), "+0%");
});

Deno.test("cells are quoted, and no name becomes a formula", () => {
  const rows = [['a"b', 1.5, null], ["x,y", true, "=1+1"], ["-", -3, "ü"]];
  equal(csvOf(rows), '"a""b",1.5,\r\n"x,y",true,\'=1+1\r\n\'-,-3,ü\r\n');
});

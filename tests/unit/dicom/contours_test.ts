import assert from "node:assert/strict";
import fc from "fast-check";
import { EdgeError, type ErrorCode } from "../../../lib/core/errors.ts";
import { TAG } from "../../../lib/dicom/data_set/tags.ts";
import { STRUCTURE_SET_STORAGE } from "../../../lib/dicom/data_set/uid.ts";
import { writeDicom } from "../../../lib/dicom/data_set/write.ts";
import { readPoints } from "../../../lib/dicom/segmentation/contour_points.ts";
import { nearestPlane } from "../../../lib/dicom/segmentation/nearest_plane.ts";
import { PolygonRaster } from "../../../lib/dicom/segmentation/polygon_raster.ts";
import {
  cannotUse,
  chooseStructure,
} from "../../../lib/dicom/segmentation/structure_choice.ts";
import { readMask } from "../../../lib/image/decode_mask.ts";
import { readAnnotationFile } from "../../support/annotation_cases.ts";

const refuses = (code: ErrorCode, message: RegExp) => (error: unknown) =>
  error instanceof EdgeError && error.code === code &&
  message.test(error.message);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const pointsOf = (text: string) => {
  const points: number[][] = [];
  readPoints(bytesOf(text), (...point) => points.push(point));
  return points;
};

Deno.test("points are read in every form of a decimal string", () => {
  const numbers = fc.oneof(
    fc.integer({ min: -999_999, max: 999_999 }).map(String),
    fc.double({ min: -1e5, max: 1e5, noNaN: true })
      .chain((value) =>
        fc.constantFrom(
          value.toFixed(3),
          value.toExponential(6),
          `+${Math.abs(value).toFixed(1)}`,
          ` ${value.toFixed(6)} `,
        )
      ),
  );
  fc.assert(fc.property(
    fc.array(fc.tuple(numbers, numbers, numbers), { minLength: 1 }),
    fc.constantFrom("", " ", "\0", "\\", "\n"),
    (points, end) => {
      const found = pointsOf(points.flat().join("\\") + end).flat();
      points.flat().map(Number).forEach((wanted, i) => {
        const off = Math.abs(found[i] - wanted);
        assert.ok(off <= 1e-12 * Math.max(1, Math.abs(wanted)));
      });
      assert.equal(found.length, points.length * 3);
    },
  ));
  assert.deepEqual(pointsOf(".5\\-.5\\5."), [[0.5, -0.5, 5]]);
  assert.deepEqual(pointsOf(""), []);
});

Deno.test("what is no point of a patient is refused", () => {
  for (
    const text of [
      "1\\2\\NaN",
      "1\\2\\Infinity",
      "1\\2\\1e300",
      "1\\2\\1e",
      "1\\\\3",
      "1\\2\\--3",
      "1\\2\\1.2.3",
      `1\\2\\${"0".repeat(65)}`,
      `1\\2\\${"9".repeat(64)}`,
      "1\\2\\3,5",
    ]
  ) assert.throws(() => pointsOf(text), refuses("malformed", /contour/), text);
  assert.throws(() => pointsOf("1\\2\\3\\4"), refuses("malformed", /inside/));
});

Deno.test("polygons are drawn by the even-odd rule at the pixels' centres", () => {
  const size = { width: 17, height: 11 };
  const side = fc.integer({ min: -40, max: 160 }).map((v) => v / 8);
  const polygon = fc.array(fc.tuple(side, side), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(fc.property(
    fc.array(fc.tuple(polygon, fc.constantFrom(1, -1)), { maxLength: 4 }),
    (polygons) => {
      const raster = new PolygonRaster(size);
      for (const [points, turn] of polygons) {
        const { add, close } = raster.polygon(turn);
        for (const [x, y] of points) add(x, y);
        close();
      }
      const { data } = raster.draw();
      for (let i = 0; i < data.length; i++) {
        const [x, y] = [i % size.width, Math.floor(i / size.width)];
        let inside = false;
        for (const [points] of polygons) {
          points.forEach(([x0, y0], k) => {
            const [x1, y1] = points[(k + 1) % points.length];
            if ((y0 > y) === (y1 > y)) return;
            // The edge crosses the row right of the centre.
            const side = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0);
            if (y1 > y0 ? side > 0 : side < 0) inside = !inside;
          });
        }
        assert.equal(data[i], inside ? 255 : 0, `${x}, ${y}`);
      }
    },
  ));
});

Deno.test("a hole is told from two pieces side by side", () => {
  const draw = (...squares: [number, number, number][]) => {
    const raster = new PolygonRaster({ width: 20, height: 20 });
    for (const [x, y, side] of squares) {
      const { add, close } = raster.polygon(1);
      add(x, y), add(x + side, y), add(x + side, y + side), add(x, y + side);
      close();
    }
    return raster.draw().overlaps;
  };
  assert.equal(draw([2.5, 2.5, 10], [5.5, 5.5, 3]), true);
  assert.equal(draw([2.5, 2.5, 5], [12.5, 2.5, 5]), false);
});

Deno.test("contours that cross a picture without end are refused", () => {
  const raster = new PolygonRaster({ width: 10, height: 10_000 });
  const { add } = raster.polygon(1);
  assert.throws(() => {
    for (let i = 0; i < 100_000; i++) add(i % 7, i % 2 * 20_000 - 1);
  }, refuses("too-large", /more than 50000000 times/));
});

Deno.test("the nearest plane counts within half a slice, or half the gap to the next", () => {
  const near = (heights: number[], thickness?: number) =>
    nearestPlane(heights, thickness).near;
  assert.deepEqual(near([-5, 0, 5], 5), [1]);
  assert.deepEqual(near([-3, 2, 7], 5), [1]);
  assert.deepEqual(near([2.4], 5), [0]);
  assert.deepEqual(near([2.5], 5), [], "the border between two slices");
  assert.deepEqual(near([2.5, 5], 5), [], "thick slices that overlap");
  assert.deepEqual(near([0, 0.01, 5], 5), [0, 1], "parts of one plane");
  assert.deepEqual(near([0.02, 0.04, 0.06], 0.02), [], "thin slices");
  assert.deepEqual(near([0.05]), [0]);
  assert.deepEqual(near([0.2]), []);
});

Deno.test("a structure is chosen by number first, then by its exact name, then in any case", () => {
  const refuse = cannotUse("segmentation");
  const named = (...names: string[]) =>
    names.map((name, i) => ({ number: i + 1, name }));
  const choose = (names: string[], wanted?: string) =>
    chooseStructure(named(...names), wanted, "segment", refuse);
  assert.equal(choose(["a"]), 1);
  assert.equal(choose(["2", "a"], "2"), 2);
  assert.equal(choose(["7", "a"], "7"), 1);
  assert.equal(choose(["Lung", "LUNG"], "LUNG"), 2);
  assert.equal(choose(["Lung", "liver "], " Liver"), 2);
  const ambiguous = refuses("frame-choice", /several segments have that name/);
  assert.throws(() => choose(["Lung", "LUNG"], "lung"), ambiguous);
  assert.throws(() => choose(["a", "a"], "a"), ambiguous);
  const many = Array.from({ length: 99 }, () => "secret");
  assert.throws(
    () => choose(many),
    (error) =>
      error instanceof EdgeError && /1, 2, .*50, …\.$/.test(error.message) &&
      !/secret/.test(error.message),
  );
});

Deno.test("a contour of a million points is drawn", async () => {
  const count = 1_000_000;
  const values: string[] = [];
  for (let i = 0; i < count; i++) {
    const angle = 2 * Math.PI * i / count;
    values.push(
      (4.5 * Math.cos(angle)).toFixed(4),
      (4.5 * Math.sin(angle)).toFixed(4),
      "5",
    );
  }
  const file = writeDicom(
    { classUid: STRUCTURE_SET_STORAGE, instanceUid: "2.25.1" },
    { uid: "2.25.1", name: "TEST" },
    [
      [TAG.sopClass, "UI", STRUCTURE_SET_STORAGE],
      [TAG.frameOfReference, "UI", "2.25.3"],
      [TAG.structureContours, "SQ", [[
        [TAG.contourStructure, "IS", "4"],
        [TAG.contours, "SQ", [[
          [TAG.contourType, "CS", "CLOSED_PLANAR"],
          [TAG.contourPoints, "IS", `${count}`],
          [TAG.contourData, "UN", bytesOf(values.join("\\"))],
        ]]],
      ]]],
    ],
  );
  const { mask, reading, warnings } = await readMask(
    file,
    { maxPixels: 1e6 },
    { image: { bytes: readAnnotationFile("axial-2.dcm") } },
  );
  // Pixels of 0.7 by 0.8 mm around the centre of the picture.
  const wanted = Uint8Array.from(mask.data, (_, i) => {
    const x = (i % 19 - 9) * 0.7;
    const y = (Math.floor(i / 19) - 6) * 0.8;
    return Math.hypot(x, y) < 4.5 ? 255 : 0;
  });
  assert.deepEqual(mask.data, wanted);
  assert.equal(reading.value, 4);
  assert.deepEqual(warnings, []);
});

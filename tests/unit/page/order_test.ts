import { deepEqual, equal } from "node:assert/strict";
import {
  addInOrder,
  inOrder,
  naturalOrder,
  orderOf,
} from "../../../functions/page/order.js";

type Facts = {
  slice: number;
  slices: number[];
  acquiredAt: string;
  series: string;
};

/** An image of a file of its own. */
const image = (name: string, facts: Partial<Facts> | null = {}, frame = 0) => ({
  name,
  file: {},
  frame,
  facts: facts && {
    format: "application/dicom",
    width: 9,
    height: 9,
    frames: 1,
    spacing: null,
    slice: null,
    slices: null,
    acquiredAt: null,
    series: null,
    ...facts,
  },
});
const names = (images: { name: string }[]) =>
  images.map(({ name }) => name).join(" ");

Deno.test("slices come in the order of the volume, whatever their files are called", () => {
  const slices = [30, -10, 2.5, 0].map((slice, i) =>
    image(`IM${i}`, { series: "a", slice, acquiredAt: `2026-01-0${4 - i}` })
  );
  const sorted = inOrder(slices);
  equal(names(sorted), "IM1 IM3 IM2 IM0");
  equal(orderOf(sorted), "slice");
  equal(orderOf(slices), "none");
});

Deno.test("a series that lies at one place is ordered by time", () => {
  const frames = ["10:00:02", "10:00:01.5", "10:00:01"].map((time, i) =>
    image(`IM${i}`, { series: "a", slice: 4, acquiredAt: `2026-01-01T${time}` })
  );
  const sorted = inOrder(frames);
  equal(names(sorted), "IM2 IM1 IM0");
  equal(orderOf(sorted), "time");
});

Deno.test("at one place of a volume, time decides", () => {
  const images = [[1, "03"], [0, "02"], [1, "01"], [0, "04"]].map(
    ([slice, day]) =>
      image(`${slice}-${day}`, {
        series: "a",
        slice: slice as number,
        acquiredAt: `2026-01-${day}`,
      }),
  );
  equal(names(inOrder(images)), "0-02 0-04 1-01 1-03");
});

Deno.test("visits come in the order of time, with and without zones", () => {
  const visits = [
    image("c", { acquiredAt: "2026-03-01" }),
    image("b", { acquiredAt: "2026-01-10T23:30:00+00:00" }),
    image("a", { acquiredAt: "2026-01-10T23:30:00-05:00" }),
    image("d", { acquiredAt: "2025-12-24T10:00:00" }),
  ];
  const sorted = inOrder(visits);
  equal(names(sorted), "d b a c");
  equal(orderOf(sorted), "time");
});

Deno.test("series come in the order of time, and slices within them", () => {
  const slice = (name: string, series: string, slice: number, day: string) =>
    image(name, { series, slice, acquiredAt: `2026-02-${day}` });
  const sorted = inOrder([
    slice("1", "late", 5, "20"),
    slice("2", "early", 7, "10"),
    slice("3", "late", 2, "20"),
    slice("4", "early", 6, "10"),
  ]);
  equal(names(sorted), "4 2 3 1");
  equal(orderOf(sorted), "time and slice");
});

Deno.test("what states neither is ordered by name, numbers by their value", () => {
  const images = ["visit 10", "visit 9", "Visit 2"].map((name) => image(name));
  equal(names(inOrder(images)), "Visit 2 visit 9 visit 10");
  equal(orderOf(inOrder(images)), "none");
  // One without a time makes times worthless.
  const timed = [
    image("b", { acquiredAt: "2020-01-01" }),
    image("a", null),
  ];
  equal(names(inOrder(timed)), "a b");
  equal(naturalOrder("a", "A") === 0, false);
});

Deno.test("frames of one file come in the order of its volume, else of the file", () => {
  const file = {};
  const frames = (slices?: number[]) =>
    [2, 0, 1].map((frame) => ({
      ...image(`v_${frame}`, slices ? { slices } : {}, frame),
      file,
    }));
  equal(names(inOrder(frames())), "v_0 v_1 v_2");
  equal(orderOf(inOrder(frames())), "frame");
  equal(names(inOrder(frames([9, 5, 7]))), "v_1 v_2 v_0");
  equal(orderOf(inOrder(frames([9, 5, 7]))), "slice");
  // A cine loop lies at one place.
  equal(orderOf(inOrder(frames([1, 1, 1]))), "frame");
});

Deno.test("images are added among those that can be compared with them, else behind", () => {
  const slice = (mm: number) => image(`s${mm}`, { series: "a", slice: mm });
  const reference = slice(5);
  equal(names(addInOrder([reference], [slice(9), slice(1)])), "s1 s5 s9");
  const plain = [image("visit"), image("another")];
  equal(
    names(addInOrder(plain, [image("b10"), image("b9")])),
    "visit another b9 b10",
  );
  const [b9] = [image("b9")];
  deepEqual(addInOrder([], [b9]), [b9]);
  equal(orderOf([b9!]), "none");
});

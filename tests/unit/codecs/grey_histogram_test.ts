import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  GreyHistogram,
  greyRange,
  PERCENTILES,
} from "../../../lib/codecs/grey_histogram.ts";

function rangeOf(...values: Parameters<typeof greyRange>): [number, number] {
  const { low, high } = greyRange(...values);
  return [low, high];
}

/** The same by sorting. */
function plainRange(values: number[]): [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const last = sorted.length - 1;
  for (const part of [1, 0.1, 0.01]) {
    const low = sorted[Math.floor(PERCENTILES[0] * part / 100 * last)];
    const share = 1 - (100 - PERCENTILES[1]) * part / 100;
    const high = sorted[Math.ceil(share * last)];
    if (high > low) return [low, high];
  }
  return [sorted[0], sorted[last]];
}

Deno.test("the range of 16-bit greys is that of their sorted values", () => {
  for (
    const [type, min, max] of [
      [Int16Array, -32768, 32767],
      [Uint16Array, 0, 65535],
    ] as const
  ) {
    const value = fc.oneof(
      fc.integer({ min, max }),
      fc.integer({ min: 0, max: 20 }),
    );
    fc.assert(fc.property(
      fc.array(value, { minLength: 1, maxLength: 600 }),
      (values) => deepEqual(rangeOf(type.from(values)), plainRange(values)),
    ));
  }
});

Deno.test("the range of floats is that of their sorted values, to one in 2000", () => {
  const value = fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ min: -1000, max: 1000, noNaN: true }),
  );
  fc.assert(fc.property(
    fc.array(value, { minLength: 1, maxLength: 600 }),
    (values) => {
      const found = rangeOf(Float32Array.from(values));
      plainRange(values).forEach((wanted, i) => {
        const tolerance = Math.max(Math.abs(wanted) / 2000, 1e-38);
        ok(Math.abs(found[i] - wanted) <= tolerance, `${found} ${wanted}`);
      });
    },
  ));
});

Deno.test("a few hot and dead pixels move nothing, nor does what is not finite", () => {
  const values = Float32Array.from({ length: 4096 }, (_, i) => i % 256);
  const range = rangeOf(values);
  values.set([1e30, -1e30, NaN, Infinity, -Infinity, 65535, -9], 100);
  const found = rangeOf(values);
  found.forEach((end, i) => ok(Math.abs(end - range[i]) <= 1, `${found}`));
});

Deno.test("padding is not counted, and the least and the greatest value are told", () => {
  const values = Int16Array.from({ length: 1000 }, (_, i) => i % 100 - 50);
  values.set([-2000, -2000, 3000], 7);
  const isPadding = (value: number) => value === -2000;
  deepEqual(greyRange(values, isPadding), {
    low: -50,
    high: 49,
    least: -50,
    most: 3000,
  });
  const floats = Float32Array.of(NaN, -Infinity, 1, 2);
  const { least, most } = greyRange(floats);
  deepEqual([least, most], [-Infinity, 2]);
});

Deno.test("a picture that is almost constant keeps what stands out", () => {
  const values = new Uint16Array(10_000).fill(7);
  values[5] = 900;
  deepEqual(rangeOf(values), [7, 900]);
  deepEqual(rangeOf(new Uint16Array(9).fill(7)), [7, 7]);
  deepEqual(rangeOf(new Float32Array(9).fill(NaN)), [0, 0]);
});

Deno.test("a window that leaves nothing is told from one that leaves something", () => {
  for (const Values of [Uint16Array, Float32Array]) {
    const histogram = new GreyHistogram(Values === Uint16Array);
    const values = new Values(5000).map((_, i) => 700 + i % 4000);
    values[0] = 0; // a dead pixel does not count
    histogram.add(values);
    equal(histogram.isLostBy(0, 255), true, "all white");
    equal(histogram.isLostBy(5000, 9000), true, "all black");
    equal(histogram.isLostBy(0, 1000), false);
    equal(histogram.isLostBy(2000, 2001), true, "black and white");
  }
  const mask = new GreyHistogram(true);
  mask.add(Uint8Array.from({ length: 50 }, (_, i) => i % 2));
  equal(mask.isLostBy(0, 1), false, "a mask is black and white");
  const constant = new GreyHistogram(true);
  constant.add(new Uint8Array(50).fill(9));
  equal(constant.isLostBy(0, 5), false, "nothing is lost of a constant");
});

import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { EdgeError } from "../../../lib/core/errors.ts";
import { describeMask } from "../../../lib/format/mask/document.ts";
import { decodeRle, encodeRle } from "../../../lib/format/mask/rle.ts";
import type { Mask } from "../../../lib/core/mask.ts";

Deno.test("the encoding equals pycocotools' on known masks", () => {
  // pycocotools.mask.encode of these Fortran-order uint8 arrays.
  const square = {
    width: 4,
    height: 3,
    data: Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0),
  };
  deepEqual(encodeRle(square), { size: [3, 4], counts: "42102" });
  const empty = { width: 2, height: 2, data: new Uint8Array(4) };
  deepEqual(encodeRle(empty), { size: [2, 2], counts: "4" });
  const full = { width: 2, height: 2, data: new Uint8Array(4).fill(255) };
  deepEqual(encodeRle(full), { size: [2, 2], counts: "04" });
});

const mask = fc.tuple(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 1, max: 6 }),
)
  .chain(([width, height, sparse]) =>
    fc.array(fc.constantFrom(255, ...new Array(sparse ** 3).fill(0)), {
      minLength: width * height,
      maxLength: width * height,
    })
      .map((values) => ({ width, height, data: Uint8Array.from(values) }))
  );

/** The counts, pixel after pixel down the columns. */
function plainCounts({ width, height, data }: Mask): number[] {
  const counts = [0];
  let before = false;
  for (let i = 0; i < width * height; i++) {
    const inside = data[i % height * width + Math.floor(i / height)] !== 0;
    if (inside !== before) counts.push(0);
    counts[counts.length - 1]++;
    before = inside;
  }
  return counts;
}

/** The counts of a text; the format's own rule, without its checks. */
function readCounts(text: string): number[] {
  const counts: number[] = [];
  for (let i = 0; i < text.length;) {
    let [value, shift, code] = [0, 0, 0];
    do {
      code = text.charCodeAt(i++) - 48;
      value |= (code & 31) << shift;
      shift += 5;
    } while (code & 32);
    if (code & 16) value |= -1 << shift;
    counts.push(counts.length > 2 ? value + counts[counts.length - 2] : value);
  }
  return counts;
}

Deno.test("the runs are those of the pixels, down the columns", () => {
  fc.assert(
    fc.property(mask, (mask) => {
      deepEqual(readCounts(encodeRle(mask).counts), plainCounts(mask));
    }),
    { numRuns: 500 },
  );
});

Deno.test("decoding undoes encoding", () => {
  fc.assert(
    fc.property(mask, (mask) => {
      deepEqual(decodeRle(encodeRle(mask)), mask);
      equal(describeMask(mask).counts, encodeRle(mask).counts);
    }),
  );
});

Deno.test("hostile encodings are refused, not obeyed", () => {
  const bad = [
    "",
    "5",
    "3",
    "~~~~",
    "oooooooooooo",
    "0".repeat(1000),
    "-1",
    "é",
  ];
  for (const counts of bad) {
    throws(() => decodeRle({ size: [2, 2], counts }), EdgeError);
  }
  fc.assert(fc.property(fc.string(), (counts) => {
    try {
      const mask = decodeRle({ size: [3, 5], counts });
      equal(mask.data.length, 15);
    } catch (error) {
      equal((error as Error).name, "EdgeError");
    }
  }));
});

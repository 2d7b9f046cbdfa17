import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { pieceSizes } from "../../../lib/numerics/pieces.ts";

/** Labels spread between neighbours, corners included, until nothing changes. */
function plainSizes(data: Uint8Array, width: number): number[] {
  const labels = Array.from(data, (_, i) => i);
  const inside = [...data.keys()].filter((i) => data[i] !== 0);
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const a of inside) {
      for (const b of inside) {
        const near = Math.abs(a % width - b % width) <= 1 &&
          Math.abs(Math.floor(a / width) - Math.floor(b / width)) <= 1;
        if (!near || labels[b] <= labels[a]) continue;
        labels[b] = labels[a];
        isChanged = true;
      }
    }
  }
  const counts = new Map<number, number>();
  for (const i of inside) {
    counts.set(labels[i], (counts.get(labels[i]) ?? 0) + 1);
  }
  return [...counts.values()];
}

Deno.test("the sizes of pieces are those of a plain search", () => {
  const sides = fc.integer({ min: 1, max: 9 });
  fc.assert(fc.property(
    sides,
    sides,
    fc.array(fc.constantFrom(0, 0, 255), { minLength: 81, maxLength: 81 }),
    (width, height, values) => {
      const data = Uint8Array.from(values.slice(0, width * height));
      const numbers = (list: number[]) => list.toSorted((a, b) => a - b);
      deepEqual(
        numbers(pieceSizes(data, width, height)),
        numbers(plainSizes(data, width)),
      );
    },
  ));
});

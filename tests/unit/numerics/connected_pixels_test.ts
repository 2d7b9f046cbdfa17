import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { connectedPixels } from "../../../lib/numerics/connected_pixels.ts";

const picture = fc.tuple(
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 1, max: 12 }),
).chain(([width, height]) =>
  fc.record({
    width: fc.constant(width),
    height: fc.constant(height),
    kinds: fc.array(fc.integer({ min: 0, max: 1 }), {
      minLength: width * height,
      maxLength: width * height,
    }),
  })
);

/** Labels spread between equal neighbours until nothing changes: each piece ends with its least index. */
function labelPieces(kinds: number[], width: number): number[] {
  const labels = kinds.map((_, i) => i);
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    kinds.forEach((kind, i) => {
      const right = (i + 1) % width === 0 ? -1 : i + 1;
      for (const other of [right, i + width]) {
        if (kinds[other] !== kind || labels[i] === labels[other]) continue;
        labels[i] = labels[other] = Math.min(labels[i], labels[other]);
        isChanged = true;
      }
    });
  }
  return labels;
}

Deno.test("connected pixels are the piece that the start lies in, side to side", () => {
  fc.assert(fc.property(picture, ({ width, height, kinds }) => {
    const labels = labelPieces(kinds, width);
    kinds.forEach((kind, start) => {
      const found = connectedPixels(
        start,
        { width, height },
        (pixel) => kinds[pixel] === kind,
      );
      equal(found[0], start);
      deepEqual(
        found.toSorted((a, b) => a - b),
        [...labels.keys()].filter((i) => labels[i] === labels[start]),
      );
    });
  }));
});

Deno.test("pixels seen before are left out, and those found are marked", () => {
  const size = { width: 3, height: 1 };
  const seen = Uint8Array.of(0, 0, 1);
  deepEqual(connectedPixels(0, size, () => true, seen), [0, 1]);
  deepEqual(seen, Uint8Array.of(1, 1, 1));
});

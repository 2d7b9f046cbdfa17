import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { Mask } from "../../../functions/page/mask.js";
import {
  fillHoles,
  keepLargest,
  smooth,
} from "../../../functions/page/mask_shape.js";

/** A mask of rows in which # is inside. */
function maskOf(...rows: string[]): Mask {
  const mask = new Mask(rows[0].length, rows.length);
  mask.data.set([...rows.join("")].map((one) => one === "#" ? 255 : 0));
  return mask;
}

function rowsOf({ width, height, data }: Mask): string[] {
  const text = Array.from(data, (value) => value > 0 ? "#" : ".").join("");
  return Array.from(
    { length: height },
    (_, y) => text.slice(y * width, (y + 1) * width),
  );
}

const masks = fc.tuple(
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 1, max: 12 }),
)
  .chain(([width, height]) =>
    fc.array(fc.constantFrom(0, 0, 255, 255, 255), {
      minLength: width * height,
      maxLength: width * height,
    }).map((data) => {
      const mask = new Mask(width, height);
      mask.data.set(data);
      return mask;
    })
  );

/** The connected parts of a value, by flooding. */
function flooded(
  { width, height, data }: Mask,
  value: number,
  diagonal: boolean,
): number[][] {
  const seen = new Set<number>();
  const parts = [];
  for (let start = 0; start < data.length; start++) {
    if (data[start] !== value || seen.has(start)) continue;
    const part = [start];
    seen.add(start);
    for (const i of part) {
      const [x, y] = [i % width, Math.floor(i / width)];
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          if (!diagonal && dx !== 0 && dy !== 0) continue;
          const [nx, ny] = [x + dx, y + dy];
          if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
          const next = ny * width + nx;
          if (data[next] !== value || seen.has(next)) continue;
          seen.add(next);
          part.push(next);
        }
      }
    }
    parts.push(part);
  }
  return parts;
}

Deno.test("the largest piece stays, and everything else goes", () => {
  fc.assert(fc.property(masks, (mask) => {
    const parts = flooded(mask, 255, true);
    const before = mask.data.slice();
    mask.flip(keepLargest(mask));
    const left = flooded(mask, 255, true);
    equal(left.length, Math.min(1, parts.length));
    const most = Math.max(0, ...parts.map(({ length }) => length));
    equal(mask.area, most);
    ok(mask.data.every((value, i) => value <= before[i]), "nothing is added");
  }));
});

Deno.test("holes are filled, and nothing else is", () => {
  fc.assert(fc.property(masks, (mask) => {
    const { width, height } = mask;
    const wanted = mask.data.slice();
    for (const part of flooded(mask, 0, false)) {
      const isOpen = part.some((i) =>
        i % width === 0 || i % width === width - 1 || i < width ||
        i >= width * (height - 1)
      );
      if (!isOpen) { for (const i of part) wanted[i] = 255; }
    }
    mask.flip(fillHoles(mask));
    deepEqual(mask.data, wanted);
  }));
});

Deno.test("smoothing gives each pixel what most around it have", () => {
  fc.assert(fc.property(masks, (mask) => {
    const { width, height, data } = mask;
    const wanted = data.map((_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      let inside = 0;
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const nx = Math.min(width - 1, Math.max(0, x + dx));
          const ny = Math.min(height - 1, Math.max(0, y + dy));
          if (data[ny * width + nx] > 0) inside++;
        }
      }
      return inside > 4 ? 255 : 0;
    });
    const before = data.slice();
    mask.flip(smooth(mask));
    deepEqual(mask.data, wanted.some((value) => value > 0) ? wanted : before);
  }));
});

Deno.test("a spur and a notch are smoothed away, and straight edges stay", () => {
  const mask = maskOf(
    "..........",
    "..........",
    "####.#####",
    "##########",
    "##########",
    "##########",
  );
  mask.flip(smooth(mask));
  deepEqual(rowsOf(mask), [
    "..........",
    "..........",
    "##########",
    "##########",
    "##########",
    "##########",
  ]);
});

Deno.test("a structure that smoothing would erase stays", () => {
  const mask = maskOf("....", ".##.", "....");
  deepEqual(smooth(mask), []);
});

Deno.test("every edit is turned over and back", () => {
  const edits = fc.array(
    fc.oneof(
      masks.map((other) => (mask: Mask) => {
        const resized = new Mask(mask.width, mask.height);
        resized.data.set(
          mask.data.map((_, i) => other.data[i % other.data.length]),
        );
        mask.set(resized.toRle());
      }),
      fc.tuple(
        ...[0, 1, 2, 3].map(() => fc.double({ min: -2, max: 14, noNaN: true })),
        fc.constantFrom(0, 255),
      ).map(([a, b, c, d, value]) => (mask: Mask) => {
        mask.stroke([a, b], [c, d], 2, value);
      }),
      fc.array(
        fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ max: 12 })),
        { minLength: 3, maxLength: 6 },
      ).map((ring) => (mask: Mask) => mask.fill(ring)),
      fc.constant((mask: Mask) => mask.clear()),
    ),
    { maxLength: 6 },
  );
  fc.assert(fc.property(masks, edits, (mask, edits) => {
    const states = [mask.data.slice()];
    const flips = edits.map((edit) => {
      edit(mask);
      states.push(mask.data.slice());
      return mask.takeFlips();
    });
    for (let i = edits.length - 1; i >= 0; i--) {
      mask.flip(flips[i]);
      deepEqual(mask.data, states[i]);
    }
    for (const [i, one] of flips.entries()) {
      mask.flip(one);
      deepEqual(mask.data, states[i + 1]);
    }
  }));
});

Deno.test("a mask takes over no mask of another size", () => {
  const mask = maskOf("..", "..");
  throws(() => mask.set(maskOf("###", "#.#").toRle()), /Wanted .* 2×2 .* 3×2/);
  deepEqual(rowsOf(mask), ["..", ".."]);
  mask.set(maskOf("#.", "..").toRle());
  deepEqual(rowsOf(mask), ["#.", ".."]);
});

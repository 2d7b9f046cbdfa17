import { equal } from "node:assert/strict";
import { hasColourOf } from "../../../lib/image/appearance.ts";

/** Three columns: two parts of the given greys ± their spreads, and black. */
function picture(left: number, right: number, spread: number, own = spread) {
  const height = 40;
  const data = new Uint8Array(3 * height);
  const [part, other] = [
    new Uint8Array(3 * height),
    new Uint8Array(3 * height),
  ];
  for (let y = 0; y < height; y++) {
    const sign = y % 2 === 0 ? 1 : -1;
    data[3 * y] = left + sign * spread;
    data[3 * y + 1] = right + sign * own;
    other[3 * y] = part[3 * y + 1] = 255;
  }
  const size = { width: 3, height };
  return [
    { ...size, channels: 1 as const, data },
    { ...size, data: part },
    { ...size, data: other },
  ] as const;
}

Deno.test("a part has the colours of another within a quarter of its spread and a few levels", () => {
  equal(hasColourOf(...picture(150, 150, 5)), true);
  equal(hasColourOf(...picture(150, 145, 5)), true);
  equal(hasColourOf(...picture(150, 144, 5)), false);
  equal(hasColourOf(...picture(150, 136, 40)), true);
  equal(hasColourOf(...picture(150, 135, 40)), false);
});

Deno.test("a mix of light and dark is not the grey of their mean", () => {
  equal(hasColourOf(...picture(110, 110, 45, 5)), false);
  equal(hasColourOf(...picture(110, 110, 5, 45)), false);
});

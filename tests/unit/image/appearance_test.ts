import { equal } from "node:assert/strict";
import { hasColourOf } from "../../../lib/image/appearance.ts";

/** Three columns: two parts of the given greys ± spread, and black. */
function picture(left: number, right: number, spread: number) {
  const height = 40;
  const data = new Uint8Array(3 * height);
  const [part, other] = [
    new Uint8Array(3 * height),
    new Uint8Array(3 * height),
  ];
  for (let y = 0; y < height; y++) {
    const sign = y % 2 === 0 ? 1 : -1;
    data[3 * y] = left + sign * spread;
    data[3 * y + 1] = right + sign * spread;
    other[3 * y] = part[3 * y + 1] = 255;
  }
  const size = { width: 3, height };
  return [
    { ...size, channels: 1 as const, data },
    { ...size, data: part },
    { ...size, data: other },
  ] as const;
}

Deno.test("a part has the colour of another within half its spread and a few levels", () => {
  equal(hasColourOf(...picture(150, 150, 5)), true);
  equal(hasColourOf(...picture(150, 144, 5)), true);
  equal(hasColourOf(...picture(150, 130, 5)), false);
  equal(hasColourOf(...picture(150, 130, 40)), true);
});

import { deepEqual, equal, throws } from "node:assert/strict";
import {
  decodeBrush,
  encodeBrush,
} from "../../../lib/label_studio/brush_rle.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";

Deno.test("what is written reads back, whatever the mask", () => {
  const random = mulberry32(1);
  const sizes = [[1, 1], [3, 2], [64, 5], [300, 200]] as const;
  for (const [width, height] of sizes) {
    for (const share of [0, 0.02, 0.5, 1]) {
      const data = Uint8Array.from(
        { length: width * height },
        () => random() < share ? 255 : 0,
      );
      const mask = { width, height, data };
      deepEqual(decodeBrush(encodeBrush(mask), mask), mask);
    }
  }
});

Deno.test("blocks of single values, as Label Studio's own editor writes them", () => {
  // 8 values of 8 bits, lengths of 4 bits each; one block of the values themselves: two pixels, the second opaque.
  const bits = [
    ...[8, 32],
    ...[7, 5],
    ...[3, 4],
    ...[3, 4],
    ...[3, 4],
    ...[3, 4],
    ...[0, 1],
    ...[0, 2],
    ...[7, 4],
    ...[0, 0, 0, 0, 9, 9, 9, 128].flatMap((value) => [value, 8]),
  ];
  let text = "";
  for (let i = 0; i < bits.length; i += 2) {
    text += bits[i].toString(2).padStart(bits[i + 1], "0");
  }
  const bytes = text.match(/.{1,8}/g)!
    .map((byte) => parseInt(byte.padEnd(8, "0"), 2));
  const { data } = decodeBrush(bytes, { width: 2, height: 1 });
  deepEqual([...data], [0, 255]);
});

Deno.test("streams that are cut, of another size or too long are refused", () => {
  const mask = {
    width: 40,
    height: 30,
    data: new Uint8Array(1200).map((_, i) => i % 7 < 3 ? 255 : 0),
  };
  const whole = encodeBrush(mask);
  for (const length of [0, 3, 6, 8, whole.length >> 1, whole.length - 2]) {
    throws(() => decodeBrush(whole.slice(0, length), mask), {
      code: "invalid-input",
    });
  }
  throws(() => decodeBrush(whole, { width: 30, height: 30 }), /1200 pixels/);
  const random = mulberry32(2);
  for (let i = 0; i < 200; i++) {
    const wrong = whole.slice();
    const at = 4 + Math.floor(random() * (wrong.length - 4));
    wrong[at] ^= 1 << Math.floor(random() * 8);
    try {
      equal(decodeBrush(wrong, mask).data.length, 1200);
    } catch (error) {
      equal((error as { code: string }).code, "invalid-input");
    }
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { type Samples, toRaster } from "../../../lib/codecs/samples.ts";

const line = (
  data: Samples["data"],
  max: number,
  rest: Partial<Samples> = {},
): Samples => ({
  width: data.length / (rest.channels ?? 1),
  height: 1,
  channels: 1,
  lossy: false,
  max,
  data,
  ...rest,
});

Deno.test("few bits are spread over the whole range", () => {
  assert.deepEqual(
    toRaster(line(Uint8Array.of(0, 1, 2, 3), 3)).data,
    Uint8Array.of(0, 85, 170, 255),
  );
});

Deno.test("16-bit greys are windowed by their own range, signed ones too", () => {
  assert.deepEqual(
    toRaster(line(Uint16Array.of(1000, 2000, 3000), 65535)).data,
    Uint8Array.of(0, 128, 255),
  );
  assert.deepEqual(
    toRaster(line(Int16Array.of(-1000, 0, 1000), 65535)).data,
    Uint8Array.of(0, 128, 255),
  );
  assert.deepEqual(
    toRaster(line(Uint16Array.of(7, 7), 65535)).data,
    Uint8Array.of(0, 0),
  );
});

Deno.test("16-bit windowing keeps the order and reaches both ends", () => {
  fc.assert(
    fc.property(fc.uint16Array({ minLength: 2, maxLength: 60 }), (data) => {
      const out = toRaster(line(data, 65535)).data;
      const low = Math.min(...data);
      const high = Math.max(...data);
      data.forEach((v, i) => {
        if (v === low) assert.equal(out[i], 0);
        else if (v === high) assert.equal(out[i], 255);
        data.forEach((u, j) => assert.ok(u > v || out[j] <= out[i]));
      });
    }),
  );
});

Deno.test("16-bit colours are divided by 257 and rounded", () => {
  const data = Uint16Array.of(0, 128, 129, 257, 65535, 32896);
  assert.deepEqual(
    toRaster(line(data, 65535, { channels: 3 })).data,
    Uint8Array.of(0, 0, 1, 1, 255, 128),
  );
});

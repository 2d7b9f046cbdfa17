import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  readSafetensors,
  writeSafetensors,
} from "../../../lib/format/safetensors.ts";

const file = {
  metadata: { model: "m" },
  tensors: {
    b: { dims: [2, 2], data: Float32Array.of(1, -0.5, 65504, 0) },
    a: { dims: [1], data: Float32Array.of(Math.PI) },
  },
};

Deno.test("the bytes are those of the safetensors format", () => {
  const bytes = writeSafetensors(file, (name) => name === "b" ? "F16" : "F32");
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  equal(length % 8, 0);
  const header = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, 8 + length)),
  );
  deepEqual(header, {
    __metadata__: { model: "m" },
    a: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
    b: { dtype: "F16", shape: [2, 2], data_offsets: [4, 12] },
  });
  equal(bytes.length, 8 + length + 12);
  deepEqual(readSafetensors(bytes), file);
});

Deno.test("damaged files are refused with one kind of error", () => {
  const bytes = writeSafetensors(file, () => "F32");
  const damage = fc.array(
    fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })),
    {
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(damage, fc.nat({ max: bytes.length }), (edits, cut) => {
      const damaged = bytes.slice(0, cut);
      for (const [at, value] of edits) damaged[at] = value;
      try {
        readSafetensors(damaged);
      } catch (error) {
        equal((error as Error).name, "EdgeError");
      }
    }),
    { numRuns: 2000 },
  );
  throws(() => readSafetensors(new Uint8Array(8).fill(255)), /claims/);
});

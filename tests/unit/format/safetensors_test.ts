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

/** A file with a header of one's own. */
function withHeader(header: unknown, data: number): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

Deno.test("tensors must fill the data region exactly, and everything be of its type", () => {
  const tensor = (from: number, to: number) => ({
    dtype: "F32",
    shape: [(to - from) / 4],
    data_offsets: [from, to],
  });
  const refuses = (header: unknown, data: number, why: RegExp) =>
    throws(() => readSafetensors(withHeader(header, data)), why);
  equal(
    Object.keys(
      readSafetensors(withHeader({ a: tensor(0, 4), b: tensor(4, 12) }, 12))
        .tensors,
    ).length,
    2,
  );
  refuses({ a: tensor(0, 8), b: tensor(4, 12) }, 12, /overlap/);
  refuses({ a: tensor(0, 8), b: tensor(0, 8) }, 8, /overlap/);
  refuses({ a: tensor(4, 8) }, 8, /gaps/);
  refuses({ a: tensor(0, 8) }, 12, /but it has 12/);
  refuses({ a: tensor(0, 8) }, 4, /but it has 4/);
  const hostile = { toString: 1, valueOf: 1 };
  refuses({ a: { ...tensor(0, 4), dtype: hostile } }, 4, /neither F16 nor F32/);
  refuses({ a: { ...tensor(0, 4), dtype: "constructor" } }, 4, /neither/);
  refuses({ a: { ...tensor(0, 4), shape: [1.5] } }, 4, /no proper shape/);
  refuses({ a: { ...tensor(0, 4), shape: "1" } }, 4, /no proper shape/);
  refuses({ __metadata__: { model: hostile } }, 0, /not text/);
  refuses([], 0, /not an object/);
});

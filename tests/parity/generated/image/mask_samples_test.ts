import { deepEqual, equal } from "node:assert/strict";
import { decodeSamples } from "../../../../lib/image/decode.ts";
import { fixtures } from "../../../support/fixtures.ts";

const limits = { maxPixels: 1_000_000 };

for (const { name, bytes, alpha, indices } of fixtures) {
  if (alpha === undefined && indices === undefined) continue;
  Deno.test(`opacity and palette indices of ${name} are read for masks alone`, async () => {
    const read = async (forMask: boolean) =>
      (await decodeSamples(bytes, limits, { forMask })).samples;
    const samples = await read(true);
    deepEqual(samples.alpha, alpha);
    deepEqual(samples.indices, indices);
    const plain = await read(false);
    equal(plain.alpha ?? plain.indices, undefined);
    deepEqual(plain.data, samples.data);
  });
}

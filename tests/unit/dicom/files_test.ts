import { deepEqual } from "node:assert/strict";
import { decodeImage } from "../../../lib/image/decode.ts";
import { fixtures } from "../../support/fixtures.ts";

const limits = { maxPixels: 1_000_000 };

for (const { name, bytes, warnings } of fixtures) {
  if (warnings === undefined) continue;
  Deno.test(`the doubts about ${name} are told`, async () => {
    const { warnings: told = [] } = await decodeImage(bytes, limits);
    deepEqual(told.map(({ code }) => code), warnings);
    for (const { detail } of told) {
      // No doubt quotes what a file says of a patient.
      deepEqual(/Doe|secret|\d\.\d/.test(detail), false, detail);
    }
  });
}

import { deepEqual } from "node:assert/strict";
import { decodePng } from "../../../lib/codecs/png/decode.ts";
import { drawVisit, VISIT_COUNT } from "../../../lib/sample/patient.ts";

const FOLDER = new URL("../../../functions/page/sample/", import.meta.url);

const pixelsOf = (name: string) => {
  const { width, height, channels, data } = decodePng(
    Deno.readFileSync(new URL(name, FOLDER)),
  );
  return { width, height, channels, data };
};

Deno.test("the page's pictures of the sample patient are as they are drawn", () => {
  const names: string[] = [];
  for (let number = 1; number <= VISIT_COUNT; number++) {
    const { image, mask } = drawVisit(number);
    const files = {
      [`visit-${number}.png`]: image,
      [`visit-${number}_annotation.png`]: { ...mask, channels: 1 },
    };
    for (const [name, picture] of Object.entries(files)) {
      deepEqual(pixelsOf(name), picture, name);
      names.push(name);
    }
  }
  deepEqual(
    Array.from(Deno.readDirSync(FOLDER), ({ name }) => name).sort(),
    names.sort(),
  );
});

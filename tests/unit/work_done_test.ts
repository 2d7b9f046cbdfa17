import { stepsOf } from "../support/steps.ts";
import { equal, ok } from "node:assert/strict";
import { decodeImage } from "../../lib/image/decode.ts";
import { fixture } from "../support/fixtures.ts";
import { workDone } from "../support/work_done.ts";

const limits = { maxPixels: 1_000_000 };

Deno.test("work is counted: what is unpacked, allocated, started, grown and run", async () => {
  const read = (name: string) => () =>
    decodeImage(fixture(name).bytes, limits).then(() => {});
  // What is compiled once is compiled now.
  for (const name of ["rgb-8.png", "rgb-420.jpg"]) await read(name)();
  const png = await workDone(read("rgb-8.png"));
  ok(png.unpacked > 100 && png.allocated > 100, JSON.stringify(png));
  equal(png.codecs, 0);
  const jpeg = await workDone(read("rgb-420.jpg"));
  equal(jpeg.codecs, 1);
  ok(jpeg.allocated > 100, JSON.stringify(jpeg));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  equal((await workDone(() => memory.grow(2))).grown, 3 * 65_536);
  ok(await stepsOf(read("rgb-8.png")) > 100);
  equal(await stepsOf(() => {}), 0);
});

import { equal } from "node:assert/strict";
import { decodeImage } from "../../../lib/image/decode.ts";
import { fixture } from "../../support/fixtures.ts";
import { workDone } from "../../support/work_done.ts";

Deno.test("a PNG starts no program, a HEIC one", async () => {
  const limits = { maxPixels: 1_000_000 };
  const read = (name: string) =>
    workDone(() => decodeImage(fixture(name).bytes, limits));
  equal((await read("rgb-8.png")).codecs, 0);
  equal((await read("rgb.heic")).codecs, 1);
});

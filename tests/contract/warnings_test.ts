import { deepEqual, equal, match } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { enrol, files, segment, visits } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const codes = ({ warnings }: { warnings: { code: string }[] }) =>
  warnings.map(({ code }) => code);

Deno.test("warnings", async (t) => {
  await using service = await openService();
  const { app } = service;

  await t.step("a sound annotation has none", async () => {
    deepEqual(codes(await (await enrol(app, "p", "sound")).json()), []);
    deepEqual(codes(await (await segment(app, "p")).json()), []);
  });

  await t.step(
    "an inverted annotation is enrolled, and warned of",
    async () => {
      const { mask } = visits.first;
      const inverted = encodePng({
        ...mask,
        data: mask.data.map((value) => 255 - value),
      });
      const fields = { image: files.image, mask: inverted };
      const answer = await enrol(app, "q", "inverted", fields);
      equal(answer.status, 201);
      const enrolled = await answer.json();
      deepEqual(codes(enrolled), ["annotation-inverted"]);
      match(
        enrolled.warnings[0].detail,
        /If the structure is what it leaves out/,
      );
    },
  );
});

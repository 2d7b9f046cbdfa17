import { deepEqual, equal, match } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { fixture } from "../support/fixtures.ts";
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

  await t.step(
    "a window that was not used is told wherever its file is answered",
    async () => {
      const { bytes } = fixture("window-ignored-all-black.dcm");
      const body = bytes as Uint8Array<ArrayBuffer>;
      const post = (path: string, accept = "application/json") =>
        app.request(path, { method: "POST", body, headers: { accept } });
      const inHeader = (answer: Response) =>
        codes({ warnings: JSON.parse(answer.headers.get("x-warnings")!) });

      deepEqual(inHeader(await post("/v1/previews")), ["window-ignored"]);
      for (const status of [201, 200]) { // made, then cached
        const made = await post("/v1/embeddings");
        equal(made.status, status);
        deepEqual(codes(await made.json()), ["window-ignored"]);
      }
      const segmentations = "/v1/patients/p/segmentations";
      deepEqual(codes(await (await post(segmentations)).json()), [
        "window-ignored",
      ]);
      deepEqual(inHeader(await post(segmentations, "image/png")), [
        "window-ignored",
      ]);
      const sound = await segment(app, "p", files.next, "", {
        accept: "image/png",
      });
      equal(sound.headers.get("x-warnings"), null);
    },
  );
});

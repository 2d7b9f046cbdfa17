import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readProfile, writeProfile } from "../../lib/format/profile_file.ts";
import { decodeRle } from "../../lib/format/rle.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { unrelatedImage } from "../support/unrelated_image.ts";
import {
  embeddingOf,
  enrol,
  files,
  segment,
  visits,
} from "../support/requests.ts";
import { openService } from "../support/service.ts";

/** Enough for all augmentations on a busy machine. */
const PATIENT = { THREADS: "1", DEADLINE: "600" };

const { width, height } = visits.first.image;

Deno.test("enrolment answers with its report, which is stored", async () => {
  await using service = await openService(":memory:", PATIENT);
  const { app } = service;
  const put = await (await enrol(app, "p", "r")).json();
  equal(put.report.copies.length, 4);
  ok(put.report.selfDice > 0.5);
  const path = "/v1/patients/p/references/r";
  const stored = await (await app.request(path)).json();
  deepEqual(stored.report, put.report);
  const { references } = await (await app.request("/v1/patients/p")).json();
  deepEqual(references[0].report, put.report);

  const embedding = await embeddingOf(app, files.image);
  const short = await enrol(app, "p", "s", { embedding, mask: files.mask });
  const { report } = await short.json();
  deepEqual(report.copies, []);
  match(report.skipped, /only its embedding/);
});

Deno.test("an absent structure is answered as absent in every format", async () => {
  await using service = await openService(":memory:", PATIENT);
  const { app } = service;
  await enrol(app, "p", "r");

  const there = await (await segment(app, "p")).json();
  equal(there.present, true);
  equal(there.reason, null);
  ok(there.confidence > 0.3 && there.confidence <= 1);
  ok(there.presence.score >= there.presence.threshold);

  const answer =
    await (await segment(app, "p", unrelatedImage, "?explain=true"))
      .json();
  equal(answer.present, false);
  match(answer.reason, /less like it than|hardly more like it than|No part/);
  ok(answer.presence.score < answer.presence.threshold);
  ok(answer.confidence < there.confidence);
  const { mask } = answer;
  deepEqual([mask.area, mask.box, mask.polygons], [0, null, []]);
  deepEqual(mask.size, [height, width]);
  ok(decodeRle(mask).data.every((value) => value === 0));
  equal(answer.candidates.length, 5);
  ok(answer.points.length > 0);

  const accept = { accept: "image/png" };
  const png = await segment(app, "p", unrelatedImage, "", accept);
  equal(png.headers.get("x-structure-present"), "false");
  equal(
    Number(png.headers.get("x-confidence")).toFixed(4),
    answer.confidence.toFixed(4),
  );
  const drawn = await decodeMask(await png.bytes(), { maxPixels: 1e6 });
  ok(drawn.data.every((value) => value === 0));
  const found = await segment(app, "p", files.next, "", accept);
  equal(found.headers.get("x-structure-present"), "true");
  await found.body?.cancel();
});

Deno.test("profiles enrolled before presence scoring give the same answers as before", async () => {
  await using service = await openService(":memory:", PATIENT);
  const { app, services } = service;
  await enrol(app, "p", "r");
  const { profile, reference } = (await services.profiles.get(
    "default",
    "p",
    "r",
  ))!;
  const { report: _, ...record } = reference;
  await services.profiles.put("default", {
    reference: record,
    profile: writeProfile({
      ...readProfile(profile),
      surroundings: null,
      calibrationRange: null,
    }),
  });
  const stored = await (await app.request("/v1/patients/p/references/r"))
    .json();
  equal(stored.report, null);
  for (const image of [files.next, unrelatedImage]) {
    const answer = await (await segment(app, "p", image)).json();
    equal(answer.present, answer.mask.area > 0);
    if (answer.present) equal(answer.confidence, null);
    equal(answer.presence.score, null);
  }
});

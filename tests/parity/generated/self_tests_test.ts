import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { composeEngine } from "../../../deploy/compose_engine.ts";
import { readConfig } from "../../../deploy/config.ts";
import type { Engine } from "../../../lib/engine/engine.ts";
import { examine } from "../../../lib/engine/self_tests.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { readProfile } from "../../../lib/format/profile_file.ts";
import { encodePng } from "../../../lib/codecs/png/encode.ts";
import { AUGMENTATION_NAMES } from "../../../lib/image/augment.ts";
import { files } from "../../support/requests.ts";

const engine = await composeEngine(readConfig({ THREADS: "1" }));
const image = { bytes: files.image };
const { bytes: embedding } = await engine.embed(image);
const enrolled = await engine.enrol(embedding, {
  file: { bytes: files.mask },
});
const budget = Infinity;

Deno.test("a clear reference is good, and its copies set the calibration range", async () => {
  const { profile, report } = await examine(
    engine,
    { embedding, enrolled, image },
    { budget },
  );
  equal(report.verdict, "good");
  deepEqual(report.copies.map(({ name }) => name), AUGMENTATION_NAMES);
  equal(report.skipped, null);
  ok(report.selfDice > 0.9);
  const { calibrationRange, patches } = readProfile(profile);
  equal(calibrationRange!.copies, AUGMENTATION_NAMES.length);
  equal(calibrationRange!.dice, report.dice.mean);
  for (const which of ["structure", "surroundings"] as const) {
    ok(calibrationRange!.absent[which] < calibrationRange!.present[which]);
    ok(calibrationRange!.present[which] < 1);
  }
  deepEqual(patches, readProfile(enrolled.bytes).patches);

  const again = await examine(engine, { embedding, enrolled, image }, {
    budget,
  });
  deepEqual(again, { profile, report });
});

Deno.test("an embedding alone is tried by itself, and the report says so", async () => {
  const { profile, report } = await examine(
    engine,
    { embedding, enrolled },
    { budget },
  );
  deepEqual(report.copies, []);
  match(report.skipped!, /only its embedding/);
  const { calibrationRange } = readProfile(profile);
  deepEqual(calibrationRange!.present, { structure: 1, surroundings: 1 });
  equal(calibrationRange!.dice, report.selfDice);
});

Deno.test("no copy is begun that would end beyond the budget", async () => {
  let time = 0;
  const slow = {
    ...engine,
    copy: (...args: Parameters<Engine["copy"]>) => {
      time += 400;
      return engine.copy(...args);
    },
  };
  const { report } = await examine(
    slow,
    { embedding, enrolled, image },
    { budget: 1000, now: () => time },
  );
  equal(report.copies.length, 2);
  match(report.skipped!, /^2 of 4 .* too long/);
});

Deno.test("where copies find no worker or host, the reference is enrolled all the same", async () => {
  const failing = (code: "busy" | "encode-unavailable" | "conflict") => ({
    ...engine,
    embed: () => Promise.reject(new EdgeError(code, "none")),
  });
  for (const code of ["busy", "encode-unavailable"] as const) {
    const { report } = await examine(
      failing(code),
      { embedding, enrolled, image },
      { budget },
    );
    match(report.skipped!, /^0 of 4 .* too busy/);
  }
  await rejects(
    examine(failing("conflict"), { embedding, enrolled, image }, { budget }),
  );
});

Deno.test("a mark on nothing in particular is not called good", async () => {
  const mask = new Uint8Array(enrolled.mask.size[0] * enrolled.mask.size[1]);
  const width = enrolled.mask.size[1];
  // A thin, ragged line across the body: no border that the model could find.
  for (let x = 100; x < 300; x++) {
    for (let y = 0; y < 9; y++) mask[(200 + y + x % 7) * width + x] = 255;
  }
  const file = encodePng({ width, height: enrolled.mask.size[0], data: mask });
  const bad = await engine.enrol(embedding, { file: { bytes: file } });
  const { report } = await examine(
    engine,
    { embedding, enrolled: bad },
    { budget },
  );
  ok(report.verdict !== "good", report.verdict);
  ok(report.advice.length > 40);
});

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { composeModel } from "../../../deploy/compose_engine.ts";
import { readConfig } from "../../../deploy/config.ts";
import { encodePng } from "../../../lib/codecs/png/encode.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { runSelfTests } from "../../../lib/engine/run_self_tests.ts";
import { readProfile } from "../../../lib/format/profile_file.ts";
import { AUGMENTATION_NAMES } from "../../../lib/image/augment.ts";
import { decodeMask } from "../../../lib/image/decode_mask.ts";
import { Target } from "../../../lib/pipeline/target.ts";
import { geometryWith } from "../../support/geometry.ts";
import type { EncodeClient } from "../../../lib/remote/encode_client.ts";
import { encodeRemotely } from "../../../lib/remote/remote_engine.ts";
import { files } from "../../support/requests.ts";

const { engine } = await composeModel(readConfig({ THREADS: "1" }));
const image = { bytes: files.image };
const { bytes: embedding, image: size } = await engine.embed(image);
const annotation = { file: { bytes: files.mask } };
const budget = Infinity;
const work = { tenant: "", signal: new AbortController().signal };

Deno.test("a clear reference is good, and its augmentations set the calibration range", async () => {
  const made = await engine.enrol(embedding, annotation, { image, budget });
  const report = made.report!;
  equal(report.verdict, "good");
  deepEqual(report.copies.map(({ name }) => name), AUGMENTATION_NAMES);
  equal(report.skipped, null);
  ok(report.selfDice > 0.9);
  const { calibrationRange, patches } = readProfile(made.bytes);
  equal(calibrationRange!.augmentations, AUGMENTATION_NAMES.length);
  equal(calibrationRange!.dice, report.dice.mean);
  for (const which of ["structure", "surroundings"] as const) {
    ok(calibrationRange!.absent[which] < calibrationRange!.present[which]);
    ok(calibrationRange!.present[which] < 1);
  }
  const untested = await engine.enrol(embedding, annotation);
  equal(untested.report, null);
  deepEqual(patches, readProfile(untested.bytes).patches);

  deepEqual(
    await engine.enrol(embedding, annotation, { image, budget }),
    made,
  );
});

Deno.test("an embedding alone is tested on itself, and the report says so", async () => {
  const made = await engine.enrol(embedding, annotation, { budget });
  deepEqual(made.report!.copies, []);
  match(made.report!.skipped!, /only its embedding/);
  const { calibrationRange } = readProfile(made.bytes);
  deepEqual(calibrationRange!.present, { structure: 1, surroundings: 1 });
  equal(calibrationRange!.dice, made.report!.selfDice);
});

Deno.test("no augmentation is begun that would end beyond the budget", async () => {
  const { bytes } = await engine.enrol(embedding, annotation);
  const profile = readProfile(bytes);
  const mask = await decodeMask(files.mask, { maxPixels: 10 ** 6 });
  // A decoder that always answers the same mask: what is tested is when the next test begins.
  const side = 4;
  const model = geometryWith({
    digest: profile.model,
    channels: profile.channels,
    grid: 4,
    lowResMask: side,
  });
  const data = new Float32Array(profile.channels * 16).fill(0.5);
  const of = {
    model: profile.model,
    image: size,
    tensors: { image_embeddings: { dims: [1], data } },
  };
  const decoder = {
    decode: () =>
      Promise.resolve({
        logits: new Float32Array(side * side).fill(1),
        predictedIou: 1,
      }),
  };
  let time = 0;
  const augmentations = AUGMENTATION_NAMES.map((name) => ({
    name,
    make: () => {
      time += 400;
      return Promise.resolve({ embedding: of, mask });
    },
  }));
  const { report } = await runSelfTests(
    new Target(of, decoder, model),
    profile,
    mask,
    augmentations,
    { budget: 1000, skipped: null, now: () => time },
  );
  equal(report.copies.length, 2);
  match(report.skipped!, /^2 of 4 .* too long/);
});

Deno.test("augmentations that hosts encode give what one process gives", async () => {
  const client = {
    available: true,
    embed: ({ input }: { input: Parameters<typeof engine.embed>[0] }) =>
      engine.embed(input),
  } as unknown as EncodeClient;
  const edge = encodeRemotely(() => engine, client, "nano")(work);
  deepEqual(
    await edge.enrol(embedding, annotation, { image, budget }),
    await engine.enrol(embedding, annotation, { image, budget }),
  );
});

Deno.test("where no host encodes an augmentation, the reference is enrolled all the same", async () => {
  const failing = (code: "busy" | "encode-unavailable" | "conflict") => {
    const client = {
      available: false,
      embed: () => Promise.reject(new EdgeError(code, "none")),
    } as unknown as EncodeClient;
    return encodeRemotely(() => engine, client, "nano")(work)
      .enrol(embedding, annotation, { image, budget });
  };
  for (const code of ["busy", "encode-unavailable"] as const) {
    const { report } = await failing(code);
    match(report!.skipped!, /^0 of 4 .* too busy/);
  }
  await rejects(failing("conflict"), { code: "conflict" });
});

Deno.test("a mask on no structure is not called good", async () => {
  const { width, height } = size;
  const mask = new Uint8Array(width * height);
  // A thin, ragged line across the body: no border that the model could find.
  for (let x = 100; x < 300; x++) {
    for (let y = 0; y < 9; y++) mask[(200 + y + x % 7) * width + x] = 255;
  }
  const file = { bytes: encodePng({ width, height, data: mask }) };
  const { report } = await engine.enrol(embedding, { file }, { budget });
  ok(report!.verdict !== "good", report!.verdict);
  ok(report!.advice.length > 40);
});

/** A drawn body with one organ, or with the other one of the pair; the annotation is of the organ. */
function drawOrgans(isPaired: boolean) {
  const [width, height] = [320, 256];
  const data = new Uint8Array(width * height);
  const mask = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const isIn = (cx: number, cy: number, a: number, b: number) =>
      ((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 <= 1;
    const organ = isIn(215, 110, 30, 42);
    if (isIn(160, 128, 140, 105)) {
      data[i] = 75 + x / 8 + 8 * Math.sin(x / 5) * Math.sin(y / 7);
    }
    if (organ || (isPaired && isIn(105, 110, 30, 42))) {
      data[i] = 205 + 8 * Math.sin(x / 3);
    }
    if (organ) mask[i] = 255;
  }
  return {
    image: encodePng({ width, height, channels: 1, data }),
    mask: encodePng({ width, height, data: mask }),
  };
}

Deno.test("one of two paired organs is an ambiguous reference, one alone is not", async () => {
  for (const isPaired of [true, false]) {
    const drawn = drawOrgans(isPaired);
    const image = { bytes: drawn.image };
    const { bytes } = await engine.embed(image);
    const mask = { file: { bytes: drawn.mask } };
    const { report } = await engine.enrol(bytes, mask, { image, budget });
    equal(report!.verdict, isPaired ? "ambiguous" : "good");
    equal(report!.lookAlike?.asGood ?? false, isPaired);
    if (!isPaired) continue;
    match(report!.advice, /the other one of two paired organs/);
    const [x0, , x1] = report!.lookAlike!.box;
    ok(x0 > 60 && x1 < 150, `${report!.lookAlike!.box}`);
    const alone = await engine.enrol(bytes, mask, { budget });
    equal(alone.report!.lookAlike, null, "without its image it is not told");
  }
});

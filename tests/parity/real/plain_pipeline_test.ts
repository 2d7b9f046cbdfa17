import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EMBEDDED_MODELS } from "../../../deploy/config.ts";
import { findDatasets } from "../../../lib/evaluation/data_set.ts";
import { roundEmbedding } from "../../../lib/format/embedding_file.ts";
import { decodeImage } from "../../../lib/image/decode.ts";
import { decodeMask } from "../../../lib/image/decode_mask.ts";
import { locatePackage } from "../../../lib/model/locate.ts";
import { loadPackage } from "../../../lib/model/package.ts";
import { enrol } from "../../../lib/pipeline/enrol.ts";
import { ReferenceSet } from "../../../lib/pipeline/reference_set.ts";
import { Target } from "../../../lib/pipeline/target.ts";
import { preprocess } from "../../../lib/pipeline/preprocess.ts";
import { segment } from "../../../lib/pipeline/segment.ts";
import type { Decoder, DecoderAnswer } from "../../../lib/pipeline/types.ts";
import { createOnnxModel } from "../../../lib/runtime/onnx_model.ts";
import { openRuntime } from "../../../lib/runtime/open_runtime.ts";
import { hasOneshot, ONESHOT } from "../../support/oneshot.ts";
import { PlainPipeline } from "../../support/plain_pipeline.ts";

const LIMITS = { maxPixels: 1e8 };

/** A decoder that remembers its answers, since runs of the model take most of the time. */
function remembering(decoder: Decoder): Decoder & { clear(): void } {
  const answers = new Map<string, Promise<DecoderAnswer>>();
  const masks = new Map<Float32Array, number>();
  return {
    decode(tensors, prompt) {
      const { coords, labels, mask } = prompt;
      if (mask !== null && !masks.has(mask)) masks.set(mask, masks.size);
      const key = `${coords} ${labels} ${mask && masks.get(mask)}`;
      let answer = answers.get(key);
      if (answer === undefined) {
        answer = decoder.decode(tensors, prompt);
        answers.set(key, answer);
      }
      return answer;
    },
    clear() {
      answers.clear();
      masks.clear();
    },
  };
}

Deno.test({
  name:
    "on every real image the pipeline equals the plain method: candidate, points and mask, bit for bit",
  ignore: !hasOneshot,
  fn: compareEveryImage,
});

async function compareEveryImage(t: Deno.TestContext) {
  const folder = await locatePackage(Deno.env.get("MODEL") ?? "nano", [
    EMBEDDED_MODELS,
  ]);
  const model = await loadPackage(folder);
  const { geometry } = model;
  const runtime = await openRuntime({
    name: "wasm",
    threads: 1,
    encodes: true,
  });
  const onnx = await createOnnxModel(model, runtime);
  const decoder = remembering(onnx.decoder);
  const plain = new PlainPipeline(decoder, geometry);
  const embed = async (path: string) => {
    const image = await decodeImage(await Deno.readFile(path), LIMITS);
    const { width, height } = image;
    const input = preprocess(image, geometry);
    const [tensors] = await onnx.encoder.encode([input]);
    return roundEmbedding({
      model: geometry.digest,
      image: { width, height },
      tensors,
    });
  };

  for (const { name: set, subjects } of findDatasets(ONESHOT.pathname)) {
    for (const { name, pairs: [reference, ...targets] } of subjects) {
      await t.step(`${set} ${name}`, async () => {
        const annotated = await embed(reference.image);
        const mask = await decodeMask(
          await Deno.readFile(reference.mask),
          LIMITS,
        );
        const profile = enrol(annotated, mask, geometry);
        const wanted = plain.enrol(annotated, mask);
        deepEqual(profile.patches, wanted.patches);
        deepEqual(profile.parts.map((set) => set.prototypes), wanted.parts);
        for (const { image } of targets) {
          decoder.clear();
          const embedding = await embed(image);
          const found = await plain.segment(embedding, wanted);
          const target = new Target(embedding, decoder, geometry);
          const { winner, candidates } = await segment(
            target,
            new ReferenceSet([profile]),
            { every: false },
          );
          deepEqual(
            candidates.map(({ points }) =>
              points.map(({ x, y, label }) => ({ x, y, label }))
            ),
            found.points,
          );
          equal(candidates.indexOf(winner), found.winner.index);
          ok(
            winner.distance === found.winner.distance ||
              Math.abs(winner.distance / found.winner.distance - 1) <= 1e-12,
          );
          const { data } = target.toMask(winner.logits);
          equal(Buffer.compare(data, found.mask), 0, image);
        }
      });
    }
  }
}

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
import { Frame } from "../../../lib/pipeline/coordinates.ts";
import { preprocess } from "../../../lib/pipeline/preprocess.ts";
import { segment } from "../../../lib/pipeline/segment.ts";
import type { Decoder, DecoderAnswer } from "../../../lib/pipeline/types.ts";
import { createOnnxModel } from "../../../lib/runtime/onnx_model.ts";
import { openRuntime } from "../../../lib/runtime/open_runtime.ts";
import { hasOneshot, ONESHOT } from "../../support/oneshot.ts";
import { PlainRoad } from "../../support/plain_pipeline.ts";

const LIMITS = { maxPixels: 1e8 };

/** A decoder that answers what it was asked before from memory: runs of the model are most of the time. */
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
    "on every real image the road gives the plain method's candidate, points and mask, bit for bit",
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
  const plain = new PlainRoad(decoder, geometry);
  const embed = async (path: string) => {
    const image = await decodeImage(await Deno.readFile(path), LIMITS);
    const { data, width, height, channels } = image;
    const input = preprocess(data, width, height, channels, geometry);
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
          const target = await embed(image);
          const found = await plain.segment(target, wanted);
          const { winner, candidates } = await segment(
            decoder,
            target,
            [profile],
            geometry,
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
          const frame = new Frame(target.image, geometry.size);
          const { data } = frame.toMask(winner.logits, geometry.lowResMask);
          equal(Buffer.compare(data, found.mask), 0, image);
        }
      });
    }
  }
}

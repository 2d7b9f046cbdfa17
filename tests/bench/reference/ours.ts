import { describeMask } from "../../../lib/format/mask/document.ts";
import { roundEmbedding } from "../../../lib/format/embedding_file.ts";
import { encodePng } from "../../../lib/codecs/png/encode.ts";
import type { Raster } from "../../../lib/core/raster.ts";
import type { ModelPackage } from "../../../lib/model/package.ts";
import { splitPatches } from "../../../lib/pipeline/annotation.ts";
import { enrol, PART_COUNTS } from "../../../lib/pipeline/enrol.ts";
import { ReferenceSet } from "../../../lib/pipeline/reference_set.ts";
import { Target } from "../../../lib/pipeline/target.ts";
import { preprocess } from "../../../lib/pipeline/preprocess.ts";
import type { Profile } from "../../../lib/pipeline/profile.ts";
import { meanSets, prototypeSets } from "../../../lib/pipeline/prototypes.ts";
import { segment } from "../../../lib/pipeline/segment.ts";
import type { Decoder, Embedding } from "../../../lib/pipeline/types.ts";
import type { Mask } from "../../../lib/core/mask.ts";
import { createOnnxModel } from "../../../lib/runtime/onnx_model.ts";
import { openRuntime } from "../../../lib/runtime/open_runtime.ts";
import type { RuntimeName } from "../../../lib/runtime/runtime.ts";

/** Milliseconds of each stage, by the names that the reference uses. */
export type Stages = Record<string, number>;

/** The product's side of the comparison. */
export class Ours {
  constructor(
    readonly model: ModelPackage,
    private readonly onnx: Awaited<ReturnType<typeof createOnnxModel>>,
    private readonly now: () => number,
  ) {}

  static async open(
    model: ModelPackage,
    name: RuntimeName,
    threads: number,
    now = () => performance.now(),
  ) {
    const runtime = await openRuntime({ name, threads, encodes: true });
    return new Ours(model, await createOnnxModel(model, runtime), now);
  }

  preprocess(image: Raster): Stages {
    const started = this.now();
    preprocess(image, this.model.geometry);
    return { preprocess: this.now() - started };
  }

  async encode(image: Raster) {
    const { geometry } = this.model;
    const input = preprocess(image, geometry);
    const started = this.now();
    const [tensors] = await this.onnx.encoder.encode([input]);
    const stages: Stages = { encode: this.now() - started };
    const embedding: Embedding = roundEmbedding({
      model: geometry.digest,
      image: { width: image.width, height: image.height },
      tensors,
    });
    return { embedding, stages };
  }

  enrol(embedding: Embedding, mask: Mask) {
    const { geometry } = this.model;
    const { channels } = geometry;
    const started = this.now();
    const profile = enrol(embedding, mask, geometry);
    const enrolled = this.now();

    const { data } = embedding.tensors.image_embeddings;
    const { background } = splitPatches(mask, geometry);
    const again = this.now();
    prototypeSets(profile.patches, channels, PART_COUNTS);
    meanSets(data, channels, background);
    const stages: Stages = {
      parts: this.now() - again,
      enrolment: enrolled - started,
    };
    return { profile, stages };
  }

  /**
   * Segments, from the embedding to a PNG, run lengths and polygons.
   *
   * @param masks low-res logits in place of the decoder's answer for the candidate of n = 1, 2, …, since a decoder of
   * random weights draws no mask; the first also for the candidate that has no point.
   * @param skip does not run the decoder at all, to warm up the stages around it.
   */
  async segment(
    embedding: Embedding,
    profile: Profile,
    masks?: Float32Array[],
    skip = false,
  ) {
    const { geometry } = this.model;
    let networks = 0;
    const timed: Decoder = {
      decode: async (tensors, prompt) => {
        const parts = prompt.labels.filter((label) => label === 1).length;
        const given = masks?.[Math.max(0, parts - 1)];
        if (skip) return { logits: given!, predictedIou: 0, rating: 0 };
        const started = this.now();
        const answer = await this.onnx.decoder.decode(tensors, prompt);
        networks += this.now() - started;
        return given === undefined ? answer : { ...answer, logits: given };
      },
    };
    // A copy, so that what a decoder computes once for an image is computed anew.
    const { tensors } = embedding;
    const copy = { ...embedding, tensors: { ...tensors } };
    const started = this.now();
    const target = new Target(copy, timed, geometry);
    const { winner, candidates, timings } = await segment(
      target,
      new ReferenceSet([profile]),
      { every: false, now: this.now },
    );
    const chosen = this.now();
    const mask = target.toMask(winner.logits);
    const document = describeMask(mask);
    encodePng(mask);
    const done = this.now();
    const stages: Stages = {
      prompts: timings.prompt,
      decode: networks,
      box: timings.decode - networks,
      retrieval: timings.retrieve,
      presence: timings.judge,
      output: done - chosen,
      segmentation: done - started,
    };
    return { winner, candidates, area: document.area, stages };
  }
}

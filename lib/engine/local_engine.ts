import {
  describeReading,
  emptyMask,
  type Mask,
  type ReadMask,
} from "../core/mask.ts";
import type { Raster } from "../core/raster.ts";
import { checkSize, type ImageLimits } from "../core/raster.ts";
import type { Tensor } from "../core/tensor.ts";
import { encodePng } from "../codecs/png/encode.ts";
import {
  EMBEDDING_MEDIA_TYPE,
  readEmbedding,
  roundEmbedding,
  writeEmbedding,
} from "../format/embedding_file.ts";
import { describeMask } from "../format/mask/document.ts";
import { readProfile, writeProfile } from "../format/profile_file.ts";
import { findLabels, writeLabels } from "../format/mask/label_map.ts";
import { decodeRle, encodeRle, type Rle } from "../format/mask/rle.ts";
import { placeFrames, writeMasks } from "../format/mask/placed_masks.ts";
import { sourceFormat } from "../format/mask/source_format.ts";
import { augment, AUGMENTATION_NAMES } from "../image/augment.ts";
import type { DecodedImage } from "../codecs/samples.ts";
import { decodeImage, readUprightSize } from "../image/decode.ts";
import { decodeMask, readMask } from "../image/decode_mask.ts";
import { countFrames, readFrames } from "../image/frames.ts";
import { readImageFacts } from "../image/image_facts.ts";
import { resizeNearest, shrink } from "../image/resize.ts";
import { requireSameSize } from "../pipeline/annotation.ts";
import { decodePrompt, type Prompt } from "../pipeline/decode_prompt.ts";
import { measureDrift } from "../pipeline/drift.ts";
import { doubtsOf } from "../pipeline/annotation_doubts.ts";
import { annotatedPatches, enrol } from "../pipeline/enrol.ts";
import { preprocess } from "../pipeline/preprocess.ts";
import { propose } from "../pipeline/prompt.ts";
import { segment } from "../pipeline/segment.ts";
import { Target } from "../pipeline/target.ts";
import type {
  Decoder,
  Embedding,
  Encoder,
  ModelGeometry,
} from "../pipeline/types.ts";
import { warnOfAnnotation } from "../wording/annotation.ts";
import { SKIPPED } from "../wording/enrolment.ts";
import { explainAbsence } from "../wording/presence.ts";
import type {
  Annotation,
  BatchEngine,
  EmbeddingFile,
  FrameFile,
  InputFile,
  MaskPrompt,
  SelfTestRequest,
} from "./engine.ts";
import { ReferenceSets } from "./reference_sets.ts";
import { createReporter, reportMaps } from "./report.ts";
import { type Augmentation, runSelfTests } from "./run_self_tests.ts";

/** The engine over an encoder and a decoder in this thread. */
export function createEngine(
  encoder: Encoder,
  decoder: Decoder,
  model: ModelGeometry,
  limits: ImageLimits,
): BatchEngine {
  const read = (bytes: Uint8Array) =>
    readEmbedding(bytes, model, limits.maxPixels);

  const targetOf = (embedding: Embedding) =>
    new Target(embedding, decoder, model);
  const referenceSets = new ReferenceSets();

  /** The size of an image, doubts about its file, and what the encoder takes of it. */
  const toInput = ({ warnings, ...raster }: DecodedImage) => ({
    image: { width: raster.width, height: raster.height },
    warnings,
    input: preprocess(raster, model),
  });
  const prepare = async ({ bytes, frame }: InputFile) =>
    toInput(await decodeImage(bytes, limits, frame));

  const toEmbedding = (
    { image, warnings }: Pick<Embedding, "image" | "warnings">,
    tensors: Record<string, Tensor>,
  ) => roundEmbedding({ model: model.digest, image, tensors, warnings });

  const encode = async (raster: Raster): Promise<Embedding> => {
    const { input, ...read } = toInput(raster);
    const [tensors] = await encoder.encode([input]);
    return toEmbedding(read, tensors!);
  };

  const toFile = (embedding: Embedding): EmbeddingFile => ({
    bytes: writeEmbedding(embedding),
    image: embedding.image,
    warnings: embedding.warnings,
  });

  const embedImages: BatchEngine["embedImages"] = async (files) => {
    const prepared: PromiseSettledResult<
      Awaited<ReturnType<typeof prepare>>
    >[] = [];
    for (const file of files) {
      prepared.push(...await Promise.allSettled([prepare(file)]));
    }
    const whole = prepared.filter((one) => one.status === "fulfilled");
    const encoded = await encoder.encode(whole.map(({ value }) => value.input));
    return prepared.map((one) => {
      if (one.status === "rejected") return one;
      const tensors = encoded.shift()!;
      const value = toFile(toEmbedding(one.value, tensors));
      return { status: one.status, value };
    });
  };

  const annotationMask = async (
    annotation: Annotation,
    target: Target,
  ): Promise<ReadMask> => {
    if ("file" in annotation) {
      const { bytes } = annotation.file;
      return readMask(bytes, limits, annotation);
    }
    const mask = "rle" in annotation
      ? maskOf(annotation.rle, target)
      : (await decodePrompt(target, promptOf(annotation.prompt, target))).mask;
    return { mask, reading: describeReading(mask, "binary"), warnings: [] };
  };

  /** A reference's image and its annotation, no larger than the model takes them. */
  const shrunk = async (
    { bytes, frame }: InputFile,
    mask: Mask,
  ): Promise<{ image: Raster; mask: Mask }> => {
    const raster = await decodeImage(bytes, limits, frame);
    const image = shrink(raster, model.size);
    return { image, mask: resizeNearest(mask, image.width, image.height) };
  };

  const augmentationsOf = (
    { encoded }: SelfTestRequest,
    annotated: { image: Raster; mask: Mask } | undefined,
  ): { augmentations: Augmentation[]; skipped: string | null } => {
    if (encoded !== undefined) {
      const { skipped } = encoded;
      const augmentations = encoded.augmentations
        .map(({ name, embedding, mask }) => ({
          name,
          make: () =>
            Promise.resolve({
              embedding: read(embedding),
              mask: decodeRle(mask),
            }),
        }));
      return { augmentations, skipped };
    }
    if (annotated === undefined) {
      return { augmentations: [], skipped: SKIPPED.noImage };
    }
    const augmentations = AUGMENTATION_NAMES.map((name) => ({
      name,
      make: async () => {
        const { image, mask } = augment(annotated.image, annotated.mask, name);
        return { embedding: await encode(image), mask };
      },
    }));
    return { augmentations, skipped: null };
  };

  return {
    embedImages,

    async exportMask(
      { image, mask: given, segment, form, choice, model = null },
    ) {
      const write = sourceFormat(image, { ...segment, model }, form);
      if ("bytes" in given) {
        const { bytes } = given;
        const wanted = { image, segment: choice };
        return write(await decodeMask(bytes, limits, wanted));
      }
      const [height, width] = given.size;
      checkSize({ width, height }, limits);
      return write(decodeRle(given));
    },

    placeFrames({ bytes }, form) {
      return Promise.try(placeFrames, bytes, form);
    },

    writeMasks(group, segment, form) {
      const { kind } = group;
      const masks = kind === "dicom" ? group.images : group.slices;
      for (const { mask: { size: [height, width] } } of masks) {
        checkSize({ width, height }, limits);
      }
      return writeMasks(group, segment, form);
    },

    async readMask({ file: { bytes }, ...choice }) {
      const { image } = choice;
      const size = image && readUprightSize(image.bytes, image.frame);
      const read = await readMask(bytes, limits, choice);
      if (size) requireSameSize(read.mask, size);
      return { ...read, mask: describeMask(read.mask) };
    },

    findLabels: (file, image) => findLabels(file.bytes, image.bytes, limits),

    writeLabels: (image, slices, as) => writeLabels(image.bytes, slices, as),

    async preview({ bytes, frame }, side) {
      const raster = await decodeImage(bytes, limits, frame);
      const { warnings = [] } = raster;
      const { count: frames } = countFrames(bytes);
      return { bytes: encodePng(shrink(raster, side)), frames, warnings };
    },

    async embed(input) {
      if (input.mediaType === EMBEDDING_MEDIA_TYPE) {
        return toFile(read(input.bytes));
      }
      const [made] = await embedImages([input]);
      if (made!.status === "rejected") throw made!.reason;
      return made!.value;
    },

    countFrames({ bytes }) {
      return Promise.resolve(countFrames(bytes));
    },

    readFacts({ bytes, frame }) {
      return Promise.try(readImageFacts, bytes, frame);
    },

    async readFrames({ bytes }, from, count) {
      const files: FrameFile[] = [];
      if (count < 1) return files;
      const frames = readFrames(bytes, limits, { from });
      for await (const { index, position, raster } of frames) {
        const { warnings } = raster;
        files.push({
          index,
          position,
          bytes: encodePng(raster),
          mediaType: "image/png",
          ...(warnings && { warnings }),
        });
        if (files.length === count) break;
      }
      return files;
    },

    async enrol(bytes, annotation, selfTests) {
      const target = targetOf(read(bytes));
      const { mask, reading, warnings } = await annotationMask(
        annotation,
        target,
      );
      const profile = enrol(target.embedding, mask, model);
      warnings.push(...warnOfAnnotation(doubtsOf(mask)));
      const patches = profile.patches.length / profile.channels;
      if (selfTests === undefined) {
        const bytes = writeProfile(profile);
        const read = { mask: reading, annotation: encodeRle(mask), warnings };
        return { bytes, patches, report: null, ...read };
      }
      const { image, budget } = selfTests;
      const annotated = image && await shrunk(image, mask);
      const { augmentations, skipped } = augmentationsOf(selfTests, annotated);
      const tested = await runSelfTests(target, profile, mask, augmentations, {
        budget,
        skipped,
        annotated,
      });
      const { report } = tested;
      return {
        bytes: writeProfile(tested.profile),
        patches,
        report,
        mask: reading,
        annotation: encodeRle(mask),
        warnings,
      };
    },

    async augment(bytes, annotation, image) {
      const target = targetOf(read(bytes));
      const { mask } = await annotationMask(annotation, target);
      annotatedPatches(mask, target.embedding.image, model);
      const annotated = await shrunk(image, mask);
      return AUGMENTATION_NAMES.map((name) => {
        const made = augment(annotated.image, annotated.mask, name);
        return {
          name,
          image: encodePng(made.image),
          mask: encodeRle(made.mask),
        };
      });
    },

    propose(embedding, profile, recipe) {
      return Promise.resolve(
        propose(targetOf(read(embedding)), readProfile(profile), recipe)
          .map(({ prompt }) => prompt),
      );
    },

    measureDrift(first, annotated, accepted) {
      return Promise.resolve(measureDrift(
        readProfile(first),
        annotated.map(readProfile),
        readProfile(accepted),
      ));
    },

    async decode(embedding, prompt) {
      const target = targetOf(read(embedding));
      const { mask, predictedIou } = await decodePrompt(
        target,
        promptOf(prompt, target),
      );
      return { mask: describeMask(mask), predictedIou };
    },

    async segment(
      bytes,
      profiles,
      { png = false, source, evenAbsent = false, ...options },
    ) {
      const target = targetOf(read(bytes));
      const write = source &&
        sourceFormat(
          source.image,
          { ...source.segment, model: model.digest },
          source.form,
        );
      const references = await referenceSets.of(profiles);
      const {
        winner,
        candidates,
        chosenBy,
        logits,
        presence,
        similarity,
        maps,
        timings,
      } = await segment(target, references, options);
      const mask = presence.present || evenAbsent
        ? target.toMask(logits)
        : emptyMask(target.embedding.image);
      const report = createReporter(target);
      const { trace: _, ...untraced } = winner;
      return {
        mask: describeMask(mask),
        presence: { ...presence, reason: explainAbsence(presence) },
        similarity,
        png: png ? encodePng(mask) : null,
        inSourceFormat: write ? await write(mask) : null,
        winner: report(untraced),
        candidates: candidates.map(report),
        chosenBy,
        match: maps && options.trace ? reportMaps(target, maps) : null,
        timings,
      };
    },
  };
}

/** A prompt with its mask decoded. */
function promptOf({ mask, ...prompt }: MaskPrompt, target: Target): Prompt {
  return mask === undefined
    ? prompt
    : { ...prompt, mask: maskOf(mask, target) };
}

/** The mask of run lengths; one of another size than the image is refused before it takes memory. */
function maskOf(rle: Rle, target: Target): Mask {
  const [height, width] = rle.size;
  requireSameSize({ width, height }, target.embedding.image);
  return decodeRle(rle);
}

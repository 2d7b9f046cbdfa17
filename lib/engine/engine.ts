import { describeMask, type MaskDocument } from "../format/mask/document.ts";
import {
  EMBEDDING_MEDIA_TYPE,
  readEmbedding,
  roundEmbedding,
  writeEmbedding,
} from "../format/embedding_file.ts";
import {
  type SegmentDescription,
  sourceFormat,
} from "../format/mask/source_format.ts";
import { readProfile, writeProfile } from "../format/profile_file.ts";
import { decodeRle, encodeRle, type Rle } from "../format/mask/rle.ts";
import { decodeImage } from "../image/decode.ts";
import { decodeMask } from "../image/decode_mask.ts";
import type { FileFrames } from "../core/frames.ts";
import { countFrames, readFrames } from "../image/frames.ts";
import { encodePng } from "../codecs/png/encode.ts";
import { checkSize, type ImageLimits } from "../core/raster.ts";
import { resizeNearest } from "../image/resize_nearest.ts";
import { shrink } from "../image/shrink.ts";
import { augment, type AugmentationName } from "../image/augment.ts";
import { emptyMask, type Mask } from "../core/mask.ts";
import type { Bytes } from "../core/bytes.ts";
import { dice } from "../pipeline/agreement.ts";
import { requireSameSize } from "../pipeline/annotation.ts";
import { cascade, decodeOnce } from "../pipeline/cascade.ts";
import { correct } from "../pipeline/correct.ts";
import { measureDrift } from "../pipeline/drift.ts";
import { enrol } from "../pipeline/enrol.ts";
import { Frame } from "../pipeline/coordinates.ts";
import { maskToLogits } from "../pipeline/mask_logits.ts";
import { preprocess } from "../pipeline/preprocess.ts";
import type { Similarity } from "../pipeline/calibration_range.ts";
import { calibrated, type Presence } from "../pipeline/presence.ts";
import { type CandidatePrompt, propose } from "../pipeline/prompt.ts";
import type { Recipe } from "../pipeline/recipe.ts";
import type { SelfTest } from "../pipeline/self_tests.ts";
import {
  segment,
  type SegmentOptions,
  type StageTimings,
} from "../pipeline/segment.ts";
import type { Box, Point, Size } from "../core/geometry.ts";
import type {
  Decoder,
  DecoderOutput,
  Embedding,
  Encoder,
  ModelGeometry,
} from "../pipeline/types.ts";
import { type CandidateReport, createReporter } from "./report.ts";

/** A file and the media type its sender declared. */
export interface InputFile {
  bytes: Uint8Array;
  mediaType?: string;
  /** Which frame of a DICOM image or slice of a NIfTI volume, from 0; see {@linkcode decodeImage}. */
  frame?: number;
}

/** One frame of a file as a PNG of 8 bits, which is an {@linkcode InputFile} of its own. */
export interface FrameFile {
  /** From 0, in the order of the file. */
  index: number;
  /** 0 to 1 along the volume; null for a single frame. */
  position: number | null;
  bytes: Bytes;
  mediaType: "image/png";
}

/** An embedding as its safetensors file, and the size of its image. */
export interface EmbeddingFile {
  bytes: Bytes;
  image: Size;
}

/** A profile as its safetensors file, the number of its foreground patches, and the annotation as a mask. */
export interface ProfileFile {
  bytes: Bytes;
  patches: number;
  mask: Rle;
}

/** A varied copy of a reference: a PNG, and its annotation. */
export interface Copy {
  image: Bytes;
  mask: Rle;
}

/** A trial, and how like the reference its image is; null where the profile holds nothing to tell by. */
export interface SelfTestAnswer extends SelfTest {
  similarity: Similarity | null;
}

/** What a person points at: points, a box, an earlier mask, in the image frame. */
export interface MaskPrompt {
  points: Point[];
  box?: Box;
  mask?: Rle;
}

/**
 * The annotation of a reference: a mask file, or a prompt that is decoded to a mask first. The image it
 * was drawn on and the number of the segment tell which part of a DICOM segmentation is meant.
 */
export type Annotation =
  | { file: InputFile; image?: InputFile; segment?: number }
  | { prompt: MaskPrompt };

/** The DICOM image or NIfTI volume whose format a mask is to be written in. */
export interface SourceFormat {
  image: InputFile;
  /** Of a DICOM image: what to call the segment. */
  segment: Omit<SegmentDescription, "model">;
}

/** A mask that the caller has, and the image it was drawn on. */
export interface MaskExport extends SourceFormat {
  mask: InputFile | Rle;
}

/** One frame of an image file for display, and how many frames the file has. */
export interface Preview {
  /** PNG. */
  bytes: Bytes;
  frames: number;
}

/** A decoded mask. */
export interface MaskAnswer {
  mask: MaskDocument;
  predictedIou: number;
}

/** A segmentation: the winner, its mask, and what it was chosen from. */
export interface SegmentationAnswer {
  /** Empty where the structure is absent, unless the winner's mask was asked for all the same. */
  mask: MaskDocument;
  presence: Presence;
  /** The mask as an 8-bit grey PNG, 0 or 255, when asked for. */
  png: Bytes | null;
  /** The mask in the format of its image, when asked for. */
  own: Bytes | null;
  winner: CandidateReport;
  candidates: CandidateReport[];
  timings: StageTimings;
}

/** What a segmentation is asked for besides its candidates. */
export type SegmentationRequest =
  & Pick<SegmentOptions, "recipe" | "passes" | "combine" | "every" | "trace">
  & {
    png?: boolean;
    own?: SourceFormat;
    /** Whether the mask is the winner's even where the structure is called absent. */
    evenAbsent?: boolean;
  };

/**
 * The operations that cost time. They take and give files, so that a thread which only passes them on
 * never parses one.
 */
export interface Engine {
  /** Image file, or a client's embedding file, → embedding. */
  embed(input: InputFile): Promise<EmbeddingFile>;
  /**
   * Counts the frames of an image file, and tells where they lie; decodes none. The file's buffer may be
   * empty afterwards, as that of `readFrames`: it is handed to the thread that does the work.
   */
  countFrames(file: InputFile): Promise<FileFrames>;
  /**
   * Frames of an image file from one on, `count` at most, each as a PNG of its pixels as shown: the
   * way to take a multi-frame DICOM or NIfTI file apart without parsing it in the calling thread. Ask
   * for several at a time where the file is gzipped, since every call unpacks it from its start.
   */
  readFrames(
    file: InputFile,
    from: number,
    count: number,
  ): Promise<FrameFile[]>;
  /** Embedding and annotation → profile. */
  enrol(embedding: Bytes, annotation: Annotation): Promise<ProfileFile>;
  /** A reference's image and annotation → a varied copy, no larger than the model takes it. */
  copy(image: InputFile, mask: Rle, name: AugmentationName): Promise<Copy>;
  /** Embedding of an image whose true mask is known, and a profile → how well it finds it. */
  trial(embedding: Bytes, profile: Bytes, mask: Rle): Promise<SelfTestAnswer>;
  /** The profile with what its copies gave: their similarities, and the mean Dice of all trials. */
  conclude(profile: Bytes, copies: Similarity[], dice: number): Promise<Bytes>;
  /** Embedding and profile → the points of every candidate. */
  propose(
    embedding: Bytes,
    profile: Bytes,
    recipe?: Recipe,
  ): Promise<CandidatePrompt[]>;
  /** Embedding and a person's prompt → one mask. */
  decode(embedding: Bytes, prompt: MaskPrompt): Promise<MaskAnswer>;
  /** Embedding and profiles → the structure. */
  segment(
    embedding: Bytes,
    profiles: Bytes[],
    request: SegmentationRequest,
  ): Promise<SegmentationAnswer>;
  /** How far an accepted result's profile lies from the first reference's; see {@linkcode measureDrift}. */
  measureDrift(
    first: Bytes,
    annotated: Bytes[],
    accepted: Bytes,
  ): Promise<number>;
  /** A DICOM image or NIfTI volume and a mask of it → a DICOM segmentation, or a gzipped NIfTI volume. */
  exportMask(own: MaskExport): Promise<Bytes>;
  /** Image file → a PNG of what the model sees of it, for display; `side` bounds its long side. */
  preview(input: InputFile, side: number): Promise<Preview>;
}

/** An engine whose caller may gather the images that wait. */
export interface BatchEngine extends Engine {
  /** Image files → embeddings, in one run of a model that allows it; a bad file fails alone. */
  embedImages(
    files: InputFile[],
  ): Promise<PromiseSettledResult<EmbeddingFile>[]>;
}

/** The engine over an encoder and a decoder in this thread. */
export function createEngine(
  encoder: Encoder,
  decoder: Decoder,
  model: ModelGeometry,
  limits: ImageLimits,
): BatchEngine {
  const read = (bytes: Uint8Array) =>
    readEmbedding(bytes, model, limits.maxPixels);

  /** The size of an image and what the encoder takes of it. */
  const prepare = async ({ bytes, mediaType, frame }: InputFile) => {
    const raster = await decodeImage(bytes, limits, mediaType, frame);
    const { data, width, height, channels } = raster;
    const input = preprocess(data, width, height, channels, model);
    return { image: { width, height }, input };
  };

  const toFile = (embedding: Embedding): EmbeddingFile => ({
    bytes: writeEmbedding(embedding),
    image: embedding.image,
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
      const { image } = one.value;
      const tensors = encoded.shift()!;
      const made = roundEmbedding({ model: model.digest, image, tensors });
      return { status: one.status, value: toFile(made) };
    });
  };

  const decodePrompt = async (embedding: Embedding, prompt: MaskPrompt) => {
    const frame = new Frame(embedding.image, model.size);
    const { points, box, mask } = prompt;
    const whole = ({ logits, predictedIou }: DecoderOutput) => ({
      mask: frame.toMask(logits, model.lowResMask),
      predictedIou,
    });
    if (mask === undefined) {
      return whole(
        await cascade(decoder, embedding, frame, model, { points, box }),
      );
    }
    const [height, width] = mask.size;
    requireSameSize({ width, height }, embedding.image);
    const before = decodeRle(mask);
    if (points.length > 0 && box === undefined && before.data.includes(255)) {
      return correct(decoder, embedding, frame, model, before, points);
    }
    return whole(
      await decodeOnce(decoder, embedding, frame, {
        points,
        box,
        mask: maskToLogits(before, model),
      }),
    );
  };

  return {
    embedImages,

    async exportMask({ image, mask: given, segment }) {
      const write = sourceFormat(image, { ...segment, model: null });
      if ("bytes" in given) {
        const { bytes, mediaType } = given;
        return write(await decodeMask(bytes, limits, mediaType, { image }));
      }
      const [height, width] = given.size;
      checkSize({ width, height }, limits);
      return write(decodeRle(given));
    },

    async preview({ bytes, mediaType, frame }, side) {
      const raster = await decodeImage(bytes, limits, mediaType, frame);
      const { count: frames } = countFrames(bytes, mediaType);
      return { bytes: encodePng(shrink(raster, side)), frames };
    },

    async embed(input) {
      if (input.mediaType === EMBEDDING_MEDIA_TYPE) {
        return toFile(read(input.bytes));
      }
      const [made] = await embedImages([input]);
      if (made.status === "rejected") throw made.reason;
      return made.value;
    },

    countFrames({ bytes, mediaType }) {
      return Promise.resolve(countFrames(bytes, mediaType));
    },

    async readFrames({ bytes, mediaType: declared }, from, count) {
      const files: FrameFile[] = [];
      if (count < 1) return files;
      const frames = readFrames(bytes, limits, { from, declared });
      for await (const { index, position, raster } of frames) {
        const bytes = encodePng(raster);
        files.push({ index, position, bytes, mediaType: "image/png" });
        if (files.length === count) break;
      }
      return files;
    },

    async enrol(bytes, annotation) {
      const embedding = read(bytes);
      const mask = "file" in annotation
        ? await decodeMask(
          annotation.file.bytes,
          limits,
          annotation.file.mediaType,
          annotation,
        )
        : (await decodePrompt(embedding, annotation.prompt)).mask;
      const profile = enrol(embedding, mask, model);
      const patches = profile.patches.length / profile.channels;
      return { bytes: writeProfile(profile), patches, mask: encodeRle(mask) };
    },

    async copy({ bytes, mediaType, frame }, mask, name) {
      const raster = await decodeImage(bytes, limits, mediaType, frame);
      const image = shrink(raster, model.size);
      const annotated = resizeNearest(
        decodeRle(mask),
        image.width,
        image.height,
      );
      const made = augment(image, annotated, name);
      return { image: encodePng(made.image), mask: encodeRle(made.mask) };
    },

    async trial(bytes, profile, mask) {
      const embedding = read(bytes);
      const { winner, candidates, presence } = await segment(
        decoder,
        embedding,
        [readProfile(profile)],
        model,
        { every: false },
      );
      const frame = new Frame(embedding.image, model.size);
      const truth = decodeRle(mask);
      const score = ({ logits }: DecoderOutput) =>
        dice(frame.toMask(logits, model.lowResMask).data, truth.data);
      const parts = candidates.map((one) => (
        { parts: one.parts, dice: score(one) }
      ));
      const { distance } = winner;
      const { similarity } = presence;
      return { dice: score(winner), distance, parts, similarity };
    },

    conclude(profile, copies, dice) {
      const read = readProfile(profile);
      if (read.calibrationRange === null) return Promise.resolve(profile);
      const calibrationRange = calibrated(read.calibrationRange, copies, dice);
      return Promise.resolve(writeProfile({ ...read, calibrationRange }));
    },

    propose(embedding, profile, recipe) {
      return Promise.resolve(
        propose(read(embedding), readProfile(profile), model, recipe)
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
      const { mask, predictedIou } = await decodePrompt(
        read(embedding),
        prompt,
      );
      return { mask: describeMask(mask), predictedIou };
    },

    async segment(
      bytes,
      profiles,
      { png = false, own, evenAbsent = false, ...options },
    ) {
      const embedding = read(bytes);
      const write = own &&
        sourceFormat(own.image, { ...own.segment, model: model.digest });
      const { winner, candidates, logits, presence, timings } = await segment(
        decoder,
        embedding,
        profiles.map(readProfile),
        model,
        options,
      );
      const frame = new Frame(embedding.image, model.size);
      const mask = presence.present || evenAbsent
        ? frame.toMask(logits, model.lowResMask)
        : emptyMask(embedding.image);
      const report = createReporter(frame, model.lowResMask);
      return {
        mask: describeMask(mask),
        presence,
        png: png ? encodePng(mask) : null,
        own: write ? await write(mask) : null,
        winner: report({ ...winner, trace: undefined }),
        candidates: candidates.map(report),
        timings,
      };
    },
  };
}

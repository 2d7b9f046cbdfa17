import { describeMask, type MaskDocument } from "../format/mask_document.ts";
import { roundEmbedding } from "../format/embedding_file.ts";
import { decodeRle, type Rle } from "../format/rle.ts";
import { decodeImage } from "../image/decode.ts";
import { decodeMask } from "../image/decode_mask.ts";
import { encodePng } from "../image/encode_png.ts";
import { requireSameSize } from "../pipeline/annotation.ts";
import { decodeOnce } from "../pipeline/cascade.ts";
import { enrol } from "../pipeline/enrol.ts";
import { Frame } from "../pipeline/frame.ts";
import { maskLogits } from "../pipeline/mask_prompt.ts";
import { preprocess } from "../pipeline/preprocess.ts";
import type { Profile } from "../pipeline/profile.ts";
import { type CandidatePrompt, proposePrompts } from "../pipeline/prompt.ts";
import {
  type Candidate,
  segment,
  type SegmentOptions,
} from "../pipeline/segment.ts";
import type {
  Box,
  Decoder,
  Embedding,
  Encoder,
  ModelGeometry,
  Point,
} from "../pipeline/types.ts";

/** An encoded file and the media type its sender declared. */
export interface ImageFile {
  bytes: Uint8Array;
  mediaType?: string;
}

/** What a person points at: points, a box, an earlier mask, in the image frame. */
export interface MaskPrompt {
  points: Point[];
  box?: Box;
  mask?: Rle;
}

/** The annotation of a reference: a mask file, or a prompt that is decoded to a mask first. */
export type Annotation = { file: ImageFile } | { prompt: MaskPrompt };

/** A decoded mask. */
export interface MaskAnswer {
  mask: MaskDocument;
  predictedIou: number;
}

/** A candidate as it is reported: all but its logits. */
export type CandidateReport = Omit<Candidate, "logits">;

/** A segmentation: the winner, its mask, and what it was chosen from. */
export interface SegmentationAnswer {
  mask: MaskDocument;
  /** The mask as an 8-bit grey PNG, 0 or 255, when asked for. */
  png: Uint8Array<ArrayBuffer> | null;
  winner: CandidateReport;
  candidates: CandidateReport[];
  timings: { prompt: number; decode: number; retrieve: number };
}

/** What a segmentation is asked for besides its candidates. */
export type SegmentationRequest = Pick<SegmentOptions, "range" | "passes"> & {
  png?: boolean;
};

/** Limits on what an engine decodes. */
export interface ImageLimits {
  maxPixels: number;
}

/** The operations that cost time; everything behind them may run in a worker. */
export interface Engine {
  /** Image file → embedding. */
  embed(image: ImageFile): Promise<Embedding>;
  /** Embedding and annotation → profile. */
  enrol(embedding: Embedding, annotation: Annotation): Promise<Profile>;
  /** Embedding and profile → the points of every candidate. */
  propose(embedding: Embedding, profile: Profile): Promise<CandidatePrompt[]>;
  /** Embedding and a person's prompt → one mask. */
  decode(embedding: Embedding, prompt: MaskPrompt): Promise<MaskAnswer>;
  /** Embedding and profiles → the structure. */
  segment(
    embedding: Embedding,
    profiles: Profile[],
    request: SegmentationRequest,
  ): Promise<SegmentationAnswer>;
}

/** The engine over an encoder and a decoder in this thread. */
export function createEngine(
  encoder: Encoder,
  decoder: Decoder,
  model: ModelGeometry,
  limits: ImageLimits,
): Engine {
  const decodePrompt = async (embedding: Embedding, prompt: MaskPrompt) => {
    const frame = new Frame(embedding.image, model.size);
    if (prompt.mask !== undefined) {
      const [height, width] = prompt.mask.size;
      requireSameSize({ width, height }, embedding.image);
    }
    const output = await decodeOnce(decoder, embedding, frame, {
      points: prompt.points,
      box: prompt.box,
      mask: prompt.mask && maskLogits(decodeRle(prompt.mask), model),
    });
    return {
      mask: frame.toMask(output.logits, model.lowResMask),
      predictedIou: output.predictedIou,
    };
  };

  return {
    async embed({ bytes, mediaType }) {
      const { data, width, height, channels } = await decodeImage(
        bytes,
        limits,
        mediaType,
      );
      const input = preprocess(data, width, height, channels, model);
      const tensors = await encoder.encode(input);
      return roundEmbedding({
        model: model.digest,
        image: { width, height },
        tensors,
      });
    },

    async enrol(embedding, annotation) {
      const mask = "file" in annotation
        ? await decodeMask(
          annotation.file.bytes,
          limits,
          annotation.file.mediaType,
        )
        : (await decodePrompt(embedding, annotation.prompt)).mask;
      return enrol(embedding, mask, model);
    },

    propose(embedding, profile) {
      return Promise.resolve(proposePrompts(embedding, profile, model));
    },

    async decode(embedding, prompt) {
      const { mask, predictedIou } = await decodePrompt(embedding, prompt);
      return { mask: describeMask(mask), predictedIou };
    },

    async segment(embedding, profiles, { png = false, ...options }) {
      const { winner, candidates, timings } = await segment(
        decoder,
        embedding,
        profiles,
        model,
        options,
      );
      const frame = new Frame(embedding.image, model.size);
      const mask = frame.toMask(winner.logits, model.lowResMask);
      return {
        mask: describeMask(mask),
        png: png ? new Uint8Array(encodePng(mask)) : null,
        winner: report(winner),
        candidates: candidates.map(report),
        timings,
      };
    },
  };
}

function report({ logits: _, ...candidate }: Candidate): CandidateReport {
  return candidate;
}

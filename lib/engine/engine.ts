import type { Bytes } from "../core/bytes.ts";
import type { Box, Point, Size } from "../core/geometry.ts";
import type { SegmentDescription } from "../format/mask/source_format.ts";
import type { DicomForm } from "../format/mask/dicom_masks.ts";
import type { MaskDocument } from "../format/mask/document.ts";
import type {
  FramePlaces,
  MaskGroup,
  PlacedForm,
} from "../format/mask/placed_masks.ts";
import type {
  LabelFile,
  LabelledSlice,
  LabelMapFile,
  LabelPlaces,
} from "../format/mask/label_map.ts";
import type { Rle } from "../format/mask/rle.ts";
import type { MaskReading } from "../core/mask.ts";
import type { Warning } from "../core/warnings.ts";
import type { AugmentationName } from "../image/augment.ts";
import type { FileFrames } from "../core/frames.ts";
import type { ImageFacts } from "../image/image_facts.ts";
import type { Similarity } from "../pipeline/calibration_range.ts";
import type { Presence } from "../pipeline/presence.ts";
import type { CandidatePrompt } from "../pipeline/prompt.ts";
import type { Recipe } from "../pipeline/recipe.ts";
import type {
  Segmentation,
  SegmentOptions,
  StageTimings,
} from "../pipeline/segment.ts";
import type { EnrolmentReport } from "../pipeline/self_tests.ts";
import type { CandidateReport, MatchReport } from "./report.ts";

/** A file that was sent. */
export interface InputFile {
  bytes: Uint8Array;
  /** As its sender declared it. It tells embeddings from images; what an image is, its bytes decide. */
  mediaType?: string | undefined;
  /** Which frame of a DICOM image, page of a TIFF file or slice of a volume, from 0; see {@linkcode decodeImage}. */
  frame?: number | undefined;
}

/** One frame of a file as a PNG of 8 bits, which is an {@linkcode InputFile} of its own. */
export interface FrameFile {
  /** From 0, in the order of the file. */
  index: number;
  /** 0 to 1 along the volume; null for a single frame. */
  position: number | null;
  bytes: Bytes;
  mediaType: "image/png";
  /** Doubts about the file that it was taken from; absent where there are none. */
  warnings?: Warning[];
}

/** An embedding as its safetensors file, the size of its image, and doubts about the image's file. */
export interface EmbeddingFile {
  bytes: Bytes;
  image: Size;
  /** Absent where there are none. */
  warnings?: Warning[] | undefined;
}

/** A profile as its safetensors file, the number of its annotated patches, and the report of its self-tests. */
export interface ProfileFile {
  bytes: Bytes;
  patches: number;
  /** Null where no self-tests were asked for. */
  report: EnrolmentReport | null;
  /** How the annotation was read. */
  mask: MaskReading;
  /** The annotation as a mask of the image. */
  annotation: Rle;
  /** Doubts about the annotation. */
  warnings: Warning[];
}

/** An augmentation of a reference: a PNG, and its annotation. */
export interface AugmentationFile {
  name: AugmentationName;
  image: Bytes;
  mask: Rle;
}

/** How a reference is tested: by augmentations of its image, or by those that were made and encoded elsewhere. */
export interface SelfTestRequest {
  /** Milliseconds after which no further augmentation is begun. */
  budget: number;
  /** The reference's image; one of an embedding alone has no augmentations. */
  image?: InputFile | undefined;
  encoded?: {
    augmentations: { name: string; embedding: Bytes; mask: Rle }[];
    /** Why some are missing; null where all are there. */
    skipped: string | null;
  };
}

/** What a person points at, in image space: points, a box, an earlier mask. */
export interface MaskPrompt {
  points: Point[];
  box?: Box | undefined;
  mask?: Rle | undefined;
  /** How often the decoder runs for a mask, 1 to 3; 3 by default, and rougher with fewer. */
  passes?: number | undefined;
}

/**
/**
 * The annotation of a reference: a mask file, its run lengths, or a prompt that is decoded to a mask first. The image
 * it was drawn on and the number or name of the segment tell which part of a file of several structures is meant.
 */
export type Annotation = MaskFile | { rle: Rle } | { prompt: MaskPrompt };

/** A mask file, the image it was drawn on, and which of its structures is meant. */
export interface MaskFile {
  file: InputFile;
  image?: InputFile | undefined;
  segment?: string | undefined;
}

/** What a mask file means. */
export interface MaskFileAnswer {
  mask: MaskDocument;
  reading: MaskReading;
  warnings: Warning[];
}

/** The DICOM image or volume in whose format a mask is written. */
export interface SourceFormat {
  image: InputFile;
  /** Of a DICOM image: what to call the segment. */
  segment: Omit<SegmentDescription, "model">;
  /** Of a DICOM image, which it must be where this is given; a segmentation where left out. */
  form?: DicomForm | undefined;
}

/** A mask that the caller has, and the image it was drawn on. */
export interface MaskExport extends SourceFormat {
  mask: InputFile | Rle;
  /** Digest of the model that made the mask; left out where a person answers for it. */
  model?: string | undefined;
  /** Which structure of the mask's file. */
  choice?: string | undefined;
}

/** One frame of an image file for display, and how many frames the file has. */
export interface Preview {
  /** PNG. */
  bytes: Bytes;
  frames: number;
  warnings: Warning[];
}

/** A decoded mask. */
export interface MaskAnswer {
  mask: MaskDocument;
  predictedIou: number;
}

/** Whether the structure is in the image, and why not, for people; null where it is. */
export type PresenceAnswer = Presence & { reason: string | null };

/** A segmentation: the winner, its mask, and what it was chosen from. */
export interface SegmentationAnswer {
  /** Empty where the structure is absent, unless the winner's mask was asked for all the same. */
  mask: MaskDocument;
  presence: PresenceAnswer;
  /** How like one of the references the answer is; null where none holds its surroundings. */
  similarity: Similarity | null;
  /** The mask as an 8-bit grey PNG, 0 or 255, when asked for. */
  png: Bytes | null;
  /** The mask in the format of its image, when asked for. */
  inSourceFormat: Bytes | null;
  winner: CandidateReport;
  candidates: CandidateReport[];
  chosenBy: Segmentation["chosenBy"];
  /** Of dense matching, where a trace was asked for. */
  match: MatchReport | null;
  timings: StageTimings;
}

/** What a segmentation is asked for besides its candidates. */
export type SegmentationRequest =
  & Pick<SegmentOptions, "recipe" | "passes" | "combine" | "every" | "trace">
  & {
    png?: boolean;
    source?: SourceFormat;
    /** Whether the mask is the winner's even where the structure is called absent. */
    evenAbsent?: boolean;
  };

/**
 * The operations that cost time. They take and give files, so that a thread that only passes them on never parses one.
 */
export interface Engine {
  /** Image file, or a client's embedding file, → embedding. */
  embed(input: InputFile): Promise<EmbeddingFile>;
  /**
   * Counts the frames of an image file, and tells where they lie; decodes none. The file's buffer may be
   * empty afterwards, as that of `readFrames`: it is handed to the thread that does the work.
   */
  countFrames(file: InputFile): Promise<FileFrames>;
  /** What the headers of an image file say of a frame; decodes no pixels. */
  readFacts(file: InputFile): Promise<ImageFacts>;
  /**
   * Frames of an image file from one on, `count` at most, each as a PNG of its pixels as shown: the
   * way to take a multi-frame DICOM file, a TIFF or a volume apart without parsing it in the calling thread. Ask
   * for several at a time where the file is gzipped, since every call unpacks it from its start.
   */
  readFrames(
    file: InputFile,
    from: number,
    count: number,
  ): Promise<FrameFile[]>;
  /** Embedding and annotation → profile; with self-tests also their report, and what they calibrate. */
  enrol(
    embedding: Bytes,
    annotation: Annotation,
    selfTests?: SelfTestRequest,
  ): Promise<ProfileFile>;
  /** A reference → its augmentations, no larger than the model takes them; refuses what `enrol` refuses. */
  augment(
    embedding: Bytes,
    annotation: Annotation,
    image: InputFile,
  ): Promise<AugmentationFile[]>;
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
  /** A DICOM image or a volume and a mask of it → a DICOM segmentation or structure set, or a gzipped NIfTI volume. */
  exportMask(request: MaskExport): Promise<Bytes>;
  /** A DICOM image or a volume → where its frames lie. The file's buffer may be empty afterwards. */
  placeFrames(file: InputFile, form: PlacedForm): Promise<FramePlaces>;
  /** The masks of the images of a series or volume → one file. */
  writeMasks(
    group: MaskGroup,
    segment: SegmentDescription,
    form: PlacedForm,
  ): Promise<Bytes>;
  /** A mask file → its mask, and how it was read. */
  readMask(file: MaskFile): Promise<MaskFileAnswer>;
  /** A label map and its image → the labels, and the slices on which each lies. */
  findLabels(file: InputFile, image: InputFile): Promise<LabelPlaces[]>;
  /** Masks of an image's slices, in order → one label map on the image's grid. */
  writeLabels(
    image: InputFile,
    slices: LabelledSlice[],
    as: LabelFile,
  ): Promise<LabelMapFile>;
  /** Image file → a PNG of what the model sees of it, for display; `side` bounds its long side. */
  preview(input: InputFile, side: number): Promise<Preview>;
}

/** Every operation, for those that pass all of them on. */
const OPERATIONS: Record<keyof Engine, true> = {
  embed: true,
  countFrames: true,
  readFacts: true,
  readFrames: true,
  enrol: true,
  augment: true,
  propose: true,
  decode: true,
  segment: true,
  measureDrift: true,
  exportMask: true,
  placeFrames: true,
  writeMasks: true,
  readMask: true,
  findLabels: true,
  writeLabels: true,
  preview: true,
};

/** An engine whose every operation is `call` with the operation's name and arguments. */
export function forwardingEngine(
  call: (operation: keyof Engine, args: unknown[]) => Promise<unknown>,
): Engine {
  const operations = Object.keys(OPERATIONS) as (keyof Engine)[];
  return Object.fromEntries(
    operations.map((operation) => [
      operation,
      (...args: unknown[]) => call(operation, args),
    ]),
  ) as unknown as Engine;
}

/** An engine whose caller may gather the images that wait. */
export interface BatchEngine extends Engine {
  /** Image files → embeddings, in one run of a model that allows it; a bad file fails alone. */
  embedImages(
    files: InputFile[],
  ): Promise<PromiseSettledResult<EmbeddingFile>[]>;
}

import { MAX_FRAMES } from "../../core/frames.ts";
import type { Size } from "../../core/geometry.ts";
import type { Warning } from "../../core/warnings.ts";
import { type Dataset, malformed, unsupported } from "../data_set/data_set.ts";
import type { DicomFile } from "../data_set/file.ts";
import { TAG } from "../data_set/tags.ts";
import { noPicture } from "./no_picture.ts";
import { readPairs } from "./pairs.ts";
import { chooseColour, type Photometric } from "./photometric.ts";
import { type PixelData, readPixelData } from "./pixel_data.ts";
import { nameOf, syntaxOf } from "./transfer_syntax.ts";

/** How the pixels of a DICOM image are stored, checked and limited to what is read here. */
export interface DicomLayout extends Size {
  frames: number;
  /** Samples per pixel. */
  samples: 1 | 3;
  /** Whether each colour is a separate plane (Planar Configuration 1). */
  planar: boolean;
  /** Whether two neighbours share their colour in uncompressed pixel data (4:2:2). */
  inPairs: boolean;
  allocated: 1 | 8 | 16 | 32 | 64;
  stored: number;
  /** Bits below the lowest one that is stored. */
  shift: number;
  signed: boolean;
  /** Whether the values are floating-point numbers, of 32 or 64 bits. */
  isFloat: boolean;
  photometric: Photometric;
  /** The element that holds the pixels. */
  tag: number;
  pixels: PixelData;
  /** As the pixels are, not as the file states it. */
  transferSyntax: string;
  dataset: Dataset;
  /** Where the file contradicts itself. */
  warnings: Warning[];
}

/** Number of frames that a file states; 0 where it states none. */
function frameCount(dataset: Dataset): number {
  const [frames = 0] = dataset.decimals(TAG.frames);
  if (!Number.isInteger(frames) || frames < 0 || frames > MAX_FRAMES) {
    throw malformed(
      `its number of frames is not a whole number from 1 to ${MAX_FRAMES}.`,
    );
  }
  return frames;
}

/** Width and height that a data set states. */
export function dicomSize(dataset: Dataset): Size {
  const width = dataset.short(TAG.columns);
  const height = dataset.short(TAG.rows);
  if (width === undefined || height === undefined) {
    throw noPicture(dataset);
  }
  return { width, height };
}

/** Reads and checks the attributes that describe how the pixels are stored (PS3.3 §C.7.6.3). */
export function readDicomLayout(
  { dataset, transferSyntax: stated }: DicomFile,
): DicomLayout {
  const { width, height } = dicomSize(dataset);
  const statedFrames = frameCount(dataset);
  const frames = statedFrames || 1;
  const tag = pixelTag(dataset, stated);
  const { allocated, isFloat } = readAllocated(dataset, tag);
  const plane = width * height * frames * allocated / 8;
  const warnings: Warning[] = [];
  const doubt = (detail: string) =>
    warnings.push({ code: "contradiction", detail });
  const pixels = readPixelData(dataset, tag, stated, plane);
  if (pixels.doubt !== undefined) doubt(pixels.doubt);
  const { photometric, samples, ...colour } = chooseColour(
    dataset,
    pixels,
    plane,
    allocated,
  );
  if (colour.doubt !== undefined) doubt(colour.doubt);
  const { stored, highBit, ...bits } = readStored(dataset, allocated, isFloat);
  if (bits.doubt !== undefined) doubt(bits.doubt);
  if (statedFrames === 0 && framesHeld(pixels, samples * plane) > 1) {
    doubt(
      "It states no number of frames, and holds several; the first one was read.",
    );
  }
  const signed = !isFloat && dataset.short(TAG.signed) === 1;
  if (allocated === 1 && (samples !== 1 || signed)) {
    throw unsupported("unsigned grey for 1 bit", "colour or signed values");
  }
  const { littleEndian, explicit } = dataset.coding;
  if (allocated === 8 && !littleEndian && !explicit) {
    throw unsupported(
      "8-bit pixels whose order is known",
      "big-endian elements without representations",
    );
  }
  const isColour = samples === 3 || photometric === "PALETTE COLOR";
  if (isColour && allocated > 16) {
    throw unsupported("colours of at most 16 bits", `${allocated} bits`);
  }
  if (samples === 3 && (signed || (allocated !== 8 && photometric !== "RGB"))) {
    throw unsupported(
      "unsigned colours, of 8 bits unless they are RGB",
      `${signed ? "signed" : "16-bit"} ${photometric}`,
    );
  }
  const pairs = readPairs(pixels, photometric, { width, height }, frames);
  if (pairs.doubt !== undefined) doubt(pairs.doubt);
  return {
    width,
    height,
    frames,
    samples,
    planar: samples === 3 && dataset.short(TAG.planar) === 1,
    inPairs: pairs.inPairs,
    allocated,
    stored,
    shift: highBit + 1 - stored,
    signed,
    isFloat,
    photometric,
    tag,
    pixels,
    transferSyntax: pixels.transferSyntax,
    dataset,
    warnings,
  };
}

/** The element that holds the pixels. @throws {EdgeError} where there is none. */
function pixelTag(dataset: Dataset, transferSyntax: string): number {
  const tag = [TAG.pixelData, TAG.floatPixels, TAG.doublePixels]
    .find((tag) => dataset.has(tag));
  if (tag !== undefined) return tag;
  const name = nameOf(transferSyntax);
  throw name.includes("JPIP")
    ? unsupported("an image", name)
    : noPicture(dataset);
}

/** How many frames pixel data hold, by their length or by the codestreams that begin in them. */
function framesHeld({ native, fragments }: PixelData, bytes: number): number {
  if (native !== undefined) return Math.floor(native.length / bytes);
  return (fragments ?? []).slice(1)
    .filter((fragment) => syntaxOf(fragment) !== undefined).length;
}

function readAllocated(
  dataset: Dataset,
  tag: number,
): Pick<DicomLayout, "allocated" | "isFloat"> {
  if (tag === TAG.floatPixels) return { allocated: 32, isFloat: true };
  if (tag === TAG.doublePixels) return { allocated: 64, isFloat: true };
  const bits = dataset.short(TAG.bitsAllocated) ?? 0;
  if (bits === 1 || bits === 8 || bits === 16 || bits === 32) {
    return { allocated: bits, isFloat: false };
  }
  throw unsupported(
    "1, 8, 16 or 32 bits allocated, or floats",
    bits === 64 ? "integers of 64 bits" : `${bits}`,
  );
}

/** The stored bits of a word. A highest bit where none can be means the lowest place, as other readers take it. */
function readStored(
  dataset: Dataset,
  allocated: number,
  isFloat: boolean,
): { stored: number; highBit: number; doubt?: string } {
  if (isFloat) return { stored: allocated, highBit: allocated - 1 };
  const stored = dataset.short(TAG.bitsStored) ?? allocated;
  const highBit = dataset.short(TAG.highBit) ?? stored - 1;
  if (stored < 1 || stored > allocated) {
    throw malformed(
      `it says that ${stored} of ${allocated} bits are stored, the highest in bit ${highBit}.`,
    );
  }
  if (highBit >= stored - 1 && highBit < allocated) return { stored, highBit };
  return {
    stored,
    highBit: stored - 1,
    doubt:
      `It says that bit ${highBit} is the highest of ${stored} bits stored; they were read from bit 0 on.`,
  };
}

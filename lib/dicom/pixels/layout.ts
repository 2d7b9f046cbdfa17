import { type Dataset, malformed, unsupported } from "../data_set/data_set.ts";
import type { DicomFile } from "../data_set/file.ts";
import { TAG } from "../data_set/tags.ts";
import { MAX_FRAMES } from "../../core/frames.ts";
import type { Size } from "../../core/geometry.ts";

/** How the pixels of a DICOM image are stored, checked and limited to what is read here. */
export interface DicomLayout extends Size {
  frames: number;
  /** Samples per pixel. */
  samples: 1 | 3;
  /** Whether each colour is a separate plane (Planar Configuration 1). */
  planar: boolean;
  allocated: 1 | 8 | 16;
  stored: number;
  /** Bits below the lowest one that is stored. */
  shift: number;
  signed: boolean;
  photometric: Photometric;
  transferSyntax: string;
  dataset: Dataset;
}

const PHOTOMETRIC = {
  "MONOCHROME1": 1,
  "MONOCHROME2": 1,
  "PALETTE COLOR": 1,
  "RGB": 3,
  "YBR_FULL": 3,
  "YBR_FULL_422": 3,
  "YBR_ICT": 3,
  "YBR_RCT": 3,
  "XYB": 3,
} as const;

type Photometric = keyof typeof PHOTOMETRIC;

/** Number of frames; 1 where it is not stated. */
function frameCount(dataset: Dataset): number {
  const [frames = 1] = dataset.decimals(TAG.frames);
  if (!Number.isInteger(frames) || frames < 1 || frames > MAX_FRAMES) {
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
    throw unsupported("an image", "a file without rows and columns");
  }
  return { width, height };
}

/** Reads and checks the attributes that describe how the pixels are stored (PS3.3 §C.7.6.3). */
export function readDicomLayout(
  { dataset, transferSyntax }: DicomFile,
): DicomLayout {
  const { width, height } = dicomSize(dataset);
  const photometric = dataset.text(TAG.photometric);
  if (!isPhotometric(photometric)) {
    throw unsupported(
      "grey, palette, RGB or YBR_FULL colours",
      photometric === "" ? "none stated" : "another photometric interpretation",
    );
  }
  const samples = dataset.short(TAG.samples) ?? 1;
  if (samples !== PHOTOMETRIC[photometric]) {
    throw malformed(`it says ${samples} samples per pixel for ${photometric}.`);
  }
  const allocated = dataset.short(TAG.bitsAllocated) ?? 0;
  if (allocated !== 1 && allocated !== 8 && allocated !== 16) {
    throw unsupported("1, 8 or 16 bits allocated", `${allocated}`);
  }
  const stored = dataset.short(TAG.bitsStored) ?? allocated;
  const highBit = dataset.short(TAG.highBit) ?? stored - 1;
  if (stored < 1 || highBit >= allocated || highBit < stored - 1) {
    throw malformed(
      `it says that ${stored} of ${allocated} bits are stored, the highest in bit ${highBit}.`,
    );
  }
  const signed = dataset.short(TAG.signed) === 1;
  if (allocated === 1 && (samples !== 1 || signed)) {
    throw unsupported("unsigned grey for 1 bit", "colour or signed values");
  }
  if (samples === 3 && (signed || (allocated !== 8 && photometric !== "RGB"))) {
    throw unsupported(
      "unsigned colours, of 8 bits unless they are RGB",
      `${signed ? "signed" : "16-bit"} ${photometric}`,
    );
  }
  if (!dataset.has(TAG.pixelData)) {
    throw unsupported("an image", "a file without pixel data");
  }
  return {
    width,
    height,
    frames: frameCount(dataset),
    samples,
    planar: samples === 3 && dataset.short(TAG.planar) === 1,
    allocated,
    stored,
    shift: highBit + 1 - stored,
    signed,
    photometric,
    transferSyntax,
    dataset,
  };
}

function isPhotometric(text: string): text is Photometric {
  return Object.hasOwn(PHOTOMETRIC, text);
}

import { readJpegHeader } from "../../codecs/jpeg/markers.ts";
import { readJpeg2000Header } from "../../codecs/jpeg_2000/header.ts";
import { EdgeError } from "../../core/errors.ts";
import { type Dataset, malformed, unsupported } from "../data_set/data_set.ts";
import { TAG } from "../data_set/tags.ts";
import type { PixelData } from "./pixel_data.ts";
import { RLE, syntaxOf } from "./transfer_syntax.ts";

/** The photometric interpretations that are read, and their samples per pixel (PS3.3 §C.7.6.3.1.2). */
const SAMPLES = {
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

export type Photometric = keyof typeof SAMPLES;

/** Others of the standard, so that a refusal can name them. */
const OTHERS = [
  "HSV",
  "ARGB",
  "CMYK",
  "YBR_PARTIAL_422",
  "YBR_PARTIAL_420",
];

/** The colours of an image, and what its file says of them that is wrong, as a sentence. */
interface Colour {
  photometric: Photometric;
  samples: 1 | 3;
  doubt?: string;
}

/**
 * The photometric interpretation and the samples per pixel. Where one of them is missing, or they contradict each
 * other, the pixel data tell how many samples there are.
 *
 * @param plane bytes of one sample of all pixels, uncompressed.
 * @throws {EdgeError}
 */
export function chooseColour(
  dataset: Dataset,
  pixels: PixelData,
  plane: number,
  allocated: number,
): Colour {
  const label = dataset.text(TAG.photometric).toUpperCase();
  const stated = dataset.short(TAG.samples);
  if (label !== "" && !isPhotometric(label)) {
    throw unsupported(
      "grey, palette, RGB or YBR_FULL colours",
      OTHERS.includes(label) ? label : "another photometric interpretation",
    );
  }
  const found = held(pixels, plane, allocated);
  // The length of uncompressed pixels alone proves nothing: there may be other bytes behind them.
  const isProven = pixels.fragments !== undefined && found !== undefined;
  if (label !== "") {
    const samples = SAMPLES[label];
    if ((stated ?? samples) === samples && (!isProven || found === samples)) {
      return withTransform({ photometric: label, samples }, pixels);
    }
  }
  const samples = label === "" && !isProven ? stated ?? found : found;
  const isCount = stated === 1 || stated === 3 || stated === undefined;
  if (
    !isCount || (samples !== 1 && samples !== 3) || label === "PALETTE COLOR"
  ) {
    throw malformed(
      label === ""
        ? "it states no photometric interpretation."
        : `it says ${stated} samples per pixel for ${label}.`,
    );
  }
  const photometric = label !== "" && SAMPLES[label] === samples
    ? label
    : samples === 1
    ? isPalette(dataset) ? "PALETTE COLOR" : "MONOCHROME2"
    : isLossyJpeg(pixels)
    ? "YBR_FULL"
    : "RGB";
  const doubt = label === ""
    ? `It does not say what its ${
      samples === 1 ? "values" : "colours"
    } are; they were read as ${photometric}.`
    : `It says ${
      stated ?? "nothing of its"
    } samples per pixel for ${label}; its pixel data hold ${samples}, and were read as ${photometric}.`;
  return { photometric, samples, doubt };
}

/** YBR_ICT and YBR_RCT name a step of JPEG 2000, which other pixels have behind them. */
function withTransform(colour: Colour, { transferSyntax }: PixelData): Colour {
  const isTransform = /^YBR_[IR]CT$/.test(colour.photometric);
  if (!isTransform || /\.1\.2\.4\.(9\d|20\d)$/.test(transferSyntax)) {
    return colour;
  }
  return {
    ...colour,
    doubt:
      `It labels its colours ${colour.photometric}, which only JPEG 2000 has; they were read as RGB.`,
  };
}

/** The samples per pixel that the pixel data hold, or undefined where they do not tell. */
function held(
  { native, fragments }: PixelData,
  plane: number,
  allocated: number,
): number | undefined {
  if (native !== undefined) {
    if (native.length >= 3 * plane) return 3;
    return native.length >= plane ? 1 : undefined;
  }
  const [, first = new Uint8Array()] = fragments ?? [];
  const syntax = syntaxOf(first);
  if (syntax === RLE) {
    const whole = first[0] / (allocated / 8);
    return Number.isInteger(whole) ? whole : first[0];
  }
  try {
    return /\.[5-8]\d$/.test(syntax ?? "")
      ? readJpegHeader(first).components
      : readJpeg2000Header(first).components;
  } catch (error) {
    if (error instanceof EdgeError) return undefined;
    throw error;
  }
}

function isLossyJpeg({ transferSyntax }: PixelData): boolean {
  return /\.1\.2\.4\.5[0-6]$/.test(transferSyntax);
}

function isPalette(dataset: Dataset): boolean {
  return dataset.has(TAG.redDescriptor);
}

function isPhotometric(text: string): text is Photometric {
  return Object.hasOwn(SAMPLES, text);
}

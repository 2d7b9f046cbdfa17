import { concat } from "../../core/bytes.ts";
import type { Size } from "../../core/geometry.ts";
import { adobeSegment } from "../../codecs/jpeg/adobe.ts";
import { decodeJpeg } from "../../codecs/jpeg/decode.ts";
import { decodeExtendedJpeg } from "../../codecs/jpeg/extended.ts";
import { decodeLosslessJpeg } from "../../codecs/jpeg/lossless.ts";
import { readJpegHeader } from "../../codecs/jpeg/markers.ts";
import { decodeJpeg2000 } from "../../codecs/jpeg_2000/decode.ts";
import { readJpeg2000Header } from "../../codecs/jpeg_2000/header.ts";
import { decodeHighThroughput } from "../../codecs/jpeg_2000/high_throughput.ts";
import { decodeJpegLs } from "../../codecs/jpeg_ls/decode.ts";
import { jpegXlCodestream } from "../../codecs/jpeg_xl/codestream.ts";
import { decodeJpegXlSamples } from "../../codecs/jpeg_xl/decode.ts";
import { readJpegXlHeader } from "../../codecs/jpeg_xl/header.ts";
import { malformed, truncated, unsupported } from "../data_set/data_set.ts";
import { inflateRaw } from "../data_set/inflate.ts";
import { readJpegColour, usesColourTransform } from "./codestream_colour.ts";
import type { DicomLayout } from "./layout.ts";
import { frameBytes, frameWords, type Words } from "./native.ts";

/** A compressed frame, decoded. */
export interface CodedFrame {
  /** Interleaved sample values. */
  words: Words;
  lossy: boolean;
  /** Whether the codec has turned colours into RGB already. */
  isRgb: boolean;
  /** Where the label of the colours contradicts the codestream, as a sentence. */
  doubt?: string;
}

/**
 * JPEG, processes 1 to 4 and 14 (PS3.5 §8.2.1). MozJPEG turns Y'CbCr into RGB by the markers of the stream; where it
 * has none, the photometric interpretation decides.
 */
export async function decodeJpegFrame(
  bytes: Uint8Array,
  layout: DicomLayout,
): Promise<CodedFrame> {
  const frame = readJpegHeader(bytes);
  requireSame(layout, frame);
  if (frame.process === 0xc3) {
    const words = decodeLosslessJpeg(bytes, frame);
    return { words, lossy: false, isRgb: false };
  }
  if (frame.precision > 8 && frame.process === 0xc1) {
    const words = decodeExtendedJpeg(bytes, frame);
    return { words, lossy: true, isRgb: false };
  }
  const colour = readJpegColour(bytes);
  const saysRgb = layout.photometric === "RGB";
  const isRgb = saysRgb && colour === "unstated";
  const { data } = await decodeJpeg(isRgb ? statingRgb(bytes) : bytes);
  const decoded = { words: data as Uint8Array, lossy: true, isRgb: true };
  return saysRgb && colour === "YCbCr"
    ? {
      ...decoded,
      doubt:
        "Its colours are labelled RGB, and its JPEG frames hold YCbCr; they were read as YCbCr.",
    }
    : decoded;
}

/** The stream with an Adobe segment after its start marker, which says that its colours are RGB. */
function statingRgb(bytes: Uint8Array): Uint8Array {
  return concat([bytes.subarray(0, 2), adobeSegment(0), bytes.subarray(2)]);
}

/** JPEG-LS (T.87), lossless or near-lossless. */
export function decodeJpegLsFrame(
  bytes: Uint8Array,
  layout: DicomLayout,
): CodedFrame {
  const frame = readJpegHeader(bytes);
  if (frame.process !== 0xf7) {
    throw malformed("its pixel data are not the JPEG-LS that it states.");
  }
  requireSame(layout, frame);
  return { words: decodeJpegLs(bytes, frame), lossy: false, isRgb: false };
}

/**
 * JPEG 2000 (T.800), High-Throughput (T.814) or not, as the codestream says; the libraries undo the multiple component
 * transformation.
 */
export async function decodeJpeg2000Frame(
  bytes: Uint8Array,
  layout: DicomLayout,
): Promise<CodedFrame> {
  const header = readJpeg2000Header(bytes);
  requireSame(layout, header);
  if (header.precision > 16) {
    throw unsupported("at most 16 bits of JPEG 2000", `${header.precision}`);
  }
  const decode = header.isHighThroughput
    ? decodeHighThroughput
    : decodeJpeg2000;
  const words = await decode(bytes, header);
  const isYbr = layout.photometric.startsWith("YBR_FULL");
  const frame = { words, lossy: false, isRgb: !isYbr };
  if (layout.samples === 1 || !isYbr || !usesColourTransform(bytes)) {
    return frame;
  }
  return {
    ...frame,
    isRgb: true,
    doubt:
      `Its colours are labelled ${layout.photometric}, and its JPEG 2000 frames transform RGB themselves; they were read as RGB.`,
  };
}

/** An image frame deflated by itself (PS3.5 §8.2.16), bounded by its size. */
export function decodeDeflatedFrame(
  bytes: Uint8Array,
  layout: DicomLayout,
): CodedFrame {
  const wanted = frameBytes(layout);
  // With a byte of padding.
  const frame = inflateRaw(bytes, wanted + 1, "frame");
  return decodePlainFrame(frame, layout);
}

/** A frame that is encapsulated, but not compressed (PS3.5 §A.4.11). */
export function decodePlainFrame(
  bytes: Uint8Array,
  layout: DicomLayout,
): CodedFrame {
  const wanted = frameBytes(layout);
  if (bytes.length < wanted) {
    throw truncated(
      `inside its pixel data: a frame has ${bytes.length} of ${wanted} bytes`,
    );
  }
  const words = frameWords(layout, bytes);
  return { words, lossy: false, isRgb: false };
}

/** JPEG XL (ISO 18181), recompressed JPEG too; libjxl gives grey or RGB. */
export async function decodeJpegXlFrame(
  bytes: Uint8Array,
  layout: DicomLayout,
): Promise<CodedFrame> {
  const codestream = jpegXlCodestream(bytes);
  const header = readJpegXlHeader(codestream);
  requireSame(layout, header);
  return {
    words: await decodeJpegXlSamples(codestream, header),
    lossy: header.lossy,
    isRgb: true,
  };
}

/** Refuses a codestream of another size than the data set states, before any memory is spent. */
function requireSame(
  layout: DicomLayout,
  stream: Size & { components: number; precision: number },
): void {
  const { width, height, samples, allocated } = layout;
  if (
    stream.width === width && stream.height === height &&
    stream.components === samples && stream.precision <= allocated
  ) return;
  throw malformed(
    `it says ${width}×${height} pixels of ${samples} samples of ${allocated} bits, and its ` +
      `compressed frame ${stream.width}×${stream.height} of ${stream.components} of ${stream.precision}.`,
  );
}

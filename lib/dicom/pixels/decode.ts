import { readDicom } from "../data_set/file.ts";
import {
  type CodedFrame,
  decodeJpeg2000Frame,
  decodeJpegFrame,
  decodeJpegLsFrame,
  decodeJpegXlFrame,
} from "./codecs.ts";
import { fromPalette, fromYbrFull } from "./colour.ts";
import { displayTable } from "./display.ts";
import { unsupported } from "../data_set/data_set.ts";
import { alongNormal, planeOf } from "../data_set/plane.ts";
import { type DicomLayout, readDicomLayout } from "./layout.ts";
import { nativeFrame, nativePixels, type Words } from "./native.ts";
import { decodeRleFrame } from "./rle.ts";
import { encapsulatedFrame, encapsulatedPixels } from "./fragments.ts";
import {
  type FileFrames,
  placesAlong,
  requireFrame,
} from "../../core/frames.ts";
import type { Samples } from "../../codecs/samples.ts";

/** Transfer syntaxes whose pixels are not compressed (PS3.6 table A-1). */
const NATIVE = new Set([
  "1.2.840.10008.1.2",
  "1.2.840.10008.1.2.1",
  "1.2.840.10008.1.2.1.99",
  "1.2.840.10008.1.2.2",
]);

type FrameDecoder = (
  bytes: Uint8Array,
  layout: DicomLayout,
) => CodedFrame | Promise<CodedFrame>;

/** Decoders by transfer syntax (PS3.6 table A-1). */
const CODECS: Record<string, FrameDecoder> = {
  "1.2.840.10008.1.2.5": decodeRleFrame,
  "1.2.840.10008.1.2.4.50": decodeJpegFrame,
  "1.2.840.10008.1.2.4.51": decodeJpegFrame,
  "1.2.840.10008.1.2.4.57": decodeJpegFrame,
  "1.2.840.10008.1.2.4.70": decodeJpegFrame,
  "1.2.840.10008.1.2.4.80": decodeJpegLsFrame,
  "1.2.840.10008.1.2.4.81": decodeJpegLsFrame,
  "1.2.840.10008.1.2.4.90": decodeJpeg2000Frame,
  "1.2.840.10008.1.2.4.91": decodeJpeg2000Frame,
  "1.2.840.10008.1.2.4.110": decodeJpegXlFrame,
  "1.2.840.10008.1.2.4.111": decodeJpegXlFrame,
  "1.2.840.10008.1.2.4.112": decodeJpegXlFrame,
  "1.2.840.10008.1.2.4.201": decodeJpeg2000Frame,
  "1.2.840.10008.1.2.4.202": decodeJpeg2000Frame,
  "1.2.840.10008.1.2.4.203": decodeJpeg2000Frame,
};

/** Decodes one frame of a DICOM image, from 0; the first where none is named. @throws {EdgeError} */
export async function decodeDicom(
  bytes: Uint8Array,
  frame = 0,
): Promise<Samples> {
  const layout = readDicomLayout(readDicom(bytes));
  return await decodeFrame(layout, frame);
}

/**
 * Decodes one frame: greys as stored values with the table that shows them, palette colours as 8-bit RGB, other
 * colours as RGB of the stored bits.
 *
 * @throws {EdgeError}
 */
export async function decodeFrame(
  layout: DicomLayout,
  frame: number,
): Promise<Samples> {
  requireFrame(frame, layout.frames);
  const { width, height, samples, stored, photometric } = layout;
  const { words, lossy, isRgb } = await wordsOf(layout, frame);
  const data = cutToStored(words, layout, isCoded(layout) ? 0 : layout.shift);
  const size = { width, height, lossy };
  if (photometric === "PALETTE COLOR") {
    return { ...size, channels: 3, max: 255, data: fromPalette(layout, data) };
  }
  const max = stored > 8 ? 2 ** stored - 1 : 255;
  if (samples === 3) {
    if (photometric.startsWith("YBR_FULL") && !isRgb) {
      fromYbrFull(data as Uint8Array);
    }
    return { ...size, channels: 3, max: 2 ** stored - 1, data };
  }
  const display = displayTable(layout, frame, data);
  return { ...size, channels: 1, max, data, display };
}

/**
 * The frames of a DICOM image and where they lie.
 *
 * @throws {EdgeError} where the pixel data cannot hold the frames that the file states.
 */
export function framesOfDicom(layout: DicomLayout): FileFrames {
  if (NATIVE.has(layout.transferSyntax)) nativePixels(layout);
  else encapsulatedPixels(layout);
  const { dataset, frames } = layout;
  const along = Array.from({ length: frames }, (_, frame) => {
    const plane = planeOf(dataset, frame);
    return plane === undefined ? null : alongNormal(plane);
  });
  const positions = frames === 1
    ? null
    : placesAlong(along) ?? along.map((_, i) => i / (frames - 1));
  return { count: frames, positions, along: along[0] ?? null };
}

/** Decodes the frames from one on, each when it is asked for. */
export async function* decodeDicomFrames(
  layout: DicomLayout,
  from: number,
): AsyncGenerator<Samples> {
  for (let frame = from; frame < layout.frames; frame++) {
    yield await decodeFrame(layout, frame);
  }
}

async function wordsOf(
  layout: DicomLayout,
  frame: number,
): Promise<CodedFrame> {
  if (NATIVE.has(layout.transferSyntax)) {
    const words = nativeFrame(layout, frame);
    return { words, lossy: false, isRgb: false };
  }
  const decode = CODECS[layout.transferSyntax];
  if (decode === undefined) {
    throw unsupported(
      "uncompressed, RLE, JPEG, JPEG-LS, JPEG 2000 or JPEG XL pixels",
      "another transfer syntax",
    );
  }
  return await decode(encapsulatedFrame(layout, frame), layout);
}

/** Whether the words come from a codec that knows the stored bits, as all but native pixels and RLE do. */
function isCoded({ transferSyntax }: DicomLayout): boolean {
  return transferSyntax.startsWith("1.2.840.10008.1.2.4.");
}

/**
 * Stored values: the stored bits of every word, with their sign.
 *
 * @param shift bits below the lowest one that is stored.
 */
function cutToStored(
  words: Words,
  { stored, signed, allocated }: DicomLayout,
  shift: number,
): Samples["data"] {
  if (!signed) {
    const mask = 2 ** stored - 1;
    if (stored < allocated && allocated > 1) {
      for (let i = 0; i < words.length; i++) {
        words[i] = (words[i] >> shift) & mask;
      }
    }
    return words;
  }
  const out = new Int16Array(words.length);
  const unused = 32 - stored;
  for (let i = 0; i < out.length; i++) {
    out[i] = (words[i] >> shift) << unused >> unused;
  }
  return out;
}

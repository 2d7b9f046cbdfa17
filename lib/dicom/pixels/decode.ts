import { readDicom } from "../data_set/file.ts";
import {
  type CodedFrame,
  decodeDeflatedFrame,
  decodeJpeg2000Frame,
  decodeJpegFrame,
  decodeJpegLsFrame,
  decodeJpegXlFrame,
  decodePlainFrame,
} from "./codecs.ts";
import { fromYbrFull } from "./colour.ts";
import { greyDisplay } from "./display.ts";
import { unsupported } from "../data_set/data_set.ts";
import { alongNormal, planeOf } from "../data_set/plane.ts";
import { TAG } from "../data_set/tags.ts";
import { type DicomLayout, readDicomLayout } from "./layout.ts";
import { nativeFrame, nativePixels } from "./native.ts";
import { requirePicture } from "./no_picture.ts";
import { fromPalette } from "./palette.ts";
import { decodeRleFrame } from "./rle.ts";
import { toStored } from "./stored.ts";
import { isNative, nameOf } from "./transfer_syntax.ts";
import { encapsulatedFrame, encapsulatedPixels } from "./fragments.ts";
import {
  type FileFrames,
  placesAlong,
  requireFrame,
} from "../../core/frames.ts";
import type { DecodeOptions, Samples } from "../../codecs/samples.ts";
import { type Warning, warnOnce } from "../../core/warnings.ts";

type FrameDecoder = (
  bytes: Uint8Array,
  layout: DicomLayout,
) => CodedFrame | Promise<CodedFrame>;

/** Decoders by transfer syntax (PS3.6 table A-1). */
const CODECS: Record<string, FrameDecoder> = {
  "1.2.840.10008.1.2.5": decodeRleFrame,
  "1.2.840.10008.1.2.4.50": decodeJpegFrame,
  "1.2.840.10008.1.2.4.51": decodeJpegFrame,
  "1.2.840.10008.1.2.4.53": decodeJpegFrame,
  "1.2.840.10008.1.2.4.55": decodeJpegFrame,
  "1.2.840.10008.1.2.4.57": decodeJpegFrame,
  "1.2.840.10008.1.2.4.70": decodeJpegFrame,
  "1.2.840.10008.1.2.4.80": decodeJpegLsFrame,
  "1.2.840.10008.1.2.4.81": decodeJpegLsFrame,
  "1.2.840.10008.1.2.4.90": decodeJpeg2000Frame,
  "1.2.840.10008.1.2.4.91": decodeJpeg2000Frame,
  "1.2.840.10008.1.2.1.98": decodePlainFrame,
  "1.2.840.10008.1.2.8.1": decodeDeflatedFrame,
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
  options: DecodeOptions = {},
): Promise<Samples> {
  const layout = readDicomLayout(readDicom(bytes));
  return await decodeFrame(layout, options.frame ?? 0, options);
}

/**
 * Decodes one frame: greys as stored values with the levels that show them, palette colours as 8-bit RGB, other
 * colours as RGB of the stored bits.
 *
 * @param options of a mask, nothing needs to be shown, and the indices of its palette are given.
 * @throws {EdgeError}
 */
async function decodeFrame(
  layout: DicomLayout,
  frame: number,
  { forMask = false }: DecodeOptions = {},
): Promise<Samples> {
  const { width, height, samples, stored, photometric, dataset } = layout;
  if (!forMask) requirePicture(dataset);
  const { data, lossy, isRgb, doubts } = await decodeStored(layout, frame);
  const size = { width, height, lossy };
  const warnings: Warning[] = [];
  const warn = (more: readonly Warning[]) => {
    for (const warning of more) warnOnce(warnings, warning);
    return warnings.length === 0 ? {} : { warnings };
  };
  warn(doubts);
  if (photometric === "PALETTE COLOR") {
    const rgb = fromPalette(layout, data);
    const indices = forMask && data instanceof Uint8Array
      ? { indices: data }
      : {};
    return {
      ...size,
      channels: 3,
      max: 255,
      data: rgb,
      ...indices,
      ...warn(dataset.warnings),
    };
  }
  if (samples === 3) {
    if (photometric.startsWith("YBR_FULL") && !isRgb) {
      fromYbrFull(data as Uint8Array);
    }
    return {
      ...size,
      channels: 3,
      max: 2 ** stored - 1,
      data,
      ...warn(dataset.warnings),
    };
  }
  const max = layout.isFloat || stored > 16
    ? Infinity
    : stored > 8
    ? 2 ** stored - 1
    : 255;
  const grey = { ...size, channels: 1 as const, max, data };
  if (forMask) return { ...grey, ...warn(dataset.warnings) };
  const { warnings: unused, ...shown } = greyDisplay(layout, frame, data);
  warn(unused);
  return { ...grey, ...shown, ...warn(dataset.warnings) };
}

/**
 * The stored values of one frame: before any palette, conversion of colours, or window.
 *
 * @throws {EdgeError}
 */
export async function decodeStored(
  layout: DicomLayout,
  frame: number,
): Promise<
  { data: Samples["data"]; lossy: boolean; isRgb: boolean; doubts: Warning[] }
> {
  requireFrame(frame, layout.frames);
  const { words, lossy, isRgb, doubt } = await wordsOf(layout, frame);
  const { data, ...bits } = toStored(layout, words);
  const doubts = [doubt, bits.doubt].filter((detail) => detail !== undefined)
    .map((detail): Warning => ({ code: "contradiction", detail }));
  return { data, lossy, isRgb, doubts: [...layout.warnings, ...doubts] };
}

/**
 * The frames of a DICOM image and where they lie.
 *
 * @throws {EdgeError} where the pixel data cannot hold the frames that the file states.
 */
export function framesOfDicom(layout: DicomLayout): FileFrames {
  if (decoderOf(layout) === undefined) nativePixels(layout);
  else encapsulatedPixels(layout);
  const { dataset, frames } = layout;
  const planes = Array.from(
    { length: frames },
    (_, frame) => planeOf(dataset, frame),
  );
  const along = planes.map((plane) => plane ? alongNormal(plane) : null);
  const positions = frames === 1
    ? null
    : placesAlong(along) ?? along.map((_, i) => i / (frames - 1));
  const [first] = planes;
  return {
    count: frames,
    positions,
    along: along[0] ?? null,
    ...(first && {
      stack: {
        series: dataset.text(TAG.seriesInstance),
        frameOfReference: dataset.text(TAG.frameOfReference),
        orientation: first.orientation,
      },
    }),
  };
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
  const decode = decoderOf(layout);
  if (decode === undefined) {
    const words = nativeFrame(layout, frame);
    return { words, lossy: false, isRgb: false };
  }
  return await decode(encapsulatedFrame(layout, frame), layout);
}

/** The decoder of compressed pixels, or undefined for native ones. @throws {EdgeError} where there is none. */
function decoderOf({ transferSyntax }: DicomLayout): FrameDecoder | undefined {
  if (isNative(transferSyntax)) return undefined;
  const decode = CODECS[transferSyntax];
  if (decode !== undefined) return decode;
  throw unsupported(
    "uncompressed, deflated, RLE, JPEG, JPEG-LS, JPEG 2000 or JPEG XL pixels",
    nameOf(transferSyntax),
  );
}

import createDecoder from "@jsquash/jpeg/codec/dec/mozjpeg_dec.js";
import { dropAlpha, emscriptenOptions, lazyProgram } from "../wasm_codec.ts";
import type { Bytes } from "../../core/bytes.ts";
import { EdgeError } from "../../core/errors.ts";
import { readErrors } from "../../core/read_errors.ts";
import {
  type JpegMarkers,
  readJpegHeader,
  readJpegMarkers,
} from "./markers.ts";
import { mendJpeg } from "./mend.ts";
import { decodeRareJpeg } from "./rare.ts";
import type { Samples } from "../samples.ts";

const { damaged, malformed, requireSize, tooLarge, truncated, unsupported } =
  readErrors("JPEG");

const mozjpeg = lazyProgram(
  import.meta.resolve("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm"),
);

/** Progressive files cost one pass over the picture per scan; real ones have about 10. */
const MAX_SCANS = 100;

/** The most that MozJPEG takes for a pixel: the coefficients of three full components, and the result. */
const PIXEL_BYTES = 16;

/** The one libjpeg warning that costs no pixels: up to 9 bytes of padding, as webcams leave, at the end. */
const HARMLESS = /\b\d extraneous bytes before marker 0xd9/;

/**
 * Decodes an 8-bit baseline, extended or progressive Huffman JPEG with MozJPEG, grey or colour; other ones with
 * {@linkcode decodeRareJpeg}. Every picture gets its own instance, so that a fatal error cannot spoil the next one and
 * the memory is freed afterwards. libjpeg fills in grey where data are missing and only warns; here a warning is an
 * error, unless the file can be mended ({@linkcode mendJpeg}). Result: H×W×C samples, C = 1 where the file has one
 * component, not yet rotated.
 */
export async function decodeJpeg(bytes: Uint8Array): Promise<Samples> {
  try {
    return await decodeSound(bytes);
  } catch (error) {
    if (!(error instanceof EdgeError) || error.code === "unsupported-type") {
      throw error;
    }
    const mended = mendJpeg(bytes, readJpegHeader(bytes));
    if (mended === undefined) throw error;
    const samples = await decodeSound(mended.bytes);
    const { warnings } = mended;
    return warnings.length === 0 ? samples : { ...samples, warnings };
  }
}

/** Decodes a file without damage. */
async function decodeSound(bytes: Uint8Array): Promise<Samples> {
  const markers = readChecked(bytes);
  const { width, height } = markers.frame;
  return isRare(markers)
    ? decodeRareJpeg(bytes, markers)
    : await jpegDecoder(bytes.length, width * height)(bytes, markers);
}

/** The markers of a file that can be decoded here. */
function readChecked(bytes: Uint8Array): JpegMarkers {
  const markers = readJpegMarkers(bytes);
  check(markers);
  return markers;
}

/** Whether MozJPEG cannot decode it: four components, more than 8 bits, or lossless. */
function isRare({ frame }: JpegMarkers): boolean {
  const { components, precision, process } = frame;
  return components === 4 || precision > 8 || process === 0xc3;
}

/**
 * {@linkcode decodeJpeg} with one instance for the sound parts of a picture that MozJPEG can decode.
 *
 * @param length bytes of the largest part. @param pixels its pixels; a part of more may be refused.
 * @returns the decoder of a part; its markers may be given where they have been read.
 */
export function jpegDecoder(
  length: number,
  pixels: number,
): (bytes: Uint8Array, markers?: JpegMarkers) => Promise<Samples> {
  let complaint = "";
  const note = (line: string) => {
    complaint ||= line;
  };
  let decoder: Awaited<ReturnType<typeof createDecoder>> | undefined;
  return async (bytes, markers = readChecked(bytes)) => {
    if (isRare(markers)) {
      throw unsupported("8 bits of 1 or 3 components", "a rarer kind");
    }
    const { width, height, components } = markers.frame;
    const channels = components === 1 ? 1 : 3;
    let image: ImageData | null = null;
    const program = await mozjpeg();
    try {
      decoder ??= await createDecoder(
        emscriptenOptions(program, note, length + pixels * PIXEL_BYTES),
      );
      image = decoder.decode(bytes as Bytes, false);
    } catch (cause) {
      throw refusal(complaint, cause);
    }
    if (!image || (complaint && !HARMLESS.test(complaint))) {
      throw refusal(complaint);
    }
    requireSize({ width, height }, image);
    const data = dropAlpha(image, channels);
    return { width, height, channels, max: 255, lossy: true, data };
  };
}

function check({ frame, scans, missing, isCoarse }: JpegMarkers): void {
  const { process, precision, components } = frame;
  const reject = (got: string) => {
    throw unsupported(
      "baseline, progressive or lossless of 1, 3 or 4 components",
      got,
    );
  };
  if (process === 0xf7) reject("JPEG-LS");
  if (process > 0xc3) {
    reject(process < 0xc8 ? "hierarchical" : "arithmetic-coded");
  }
  const isLossless = process === 0xc3;
  if (!isLossless && precision !== 8 && precision !== 12) {
    reject(`${precision} bits`);
  }
  if (
    components !== 1 && components !== 3 && (components !== 4 || isLossless)
  ) {
    reject(`${components} components`);
  }
  if (scans === 0 || scans > MAX_SCANS) {
    throw malformed(`it has ${scans} scans; wanted 1 to ${MAX_SCANS}.`);
  }
  if (missing > 0) {
    throw truncated(`before ${missing} of its ${components} components`);
  }
  if (isCoarse) throw truncated("before its last scan");
}

/** What libjpeg's first complaint means for the caller. */
function refusal(complaint: string, cause?: unknown): EdgeError {
  if (/premature end/i.test(complaint)) {
    return truncated("inside its picture data", cause);
  }
  if (/memory|OOM/i.test(complaint)) {
    return tooLarge("decoding it needs too much memory.");
  }
  return damaged(cause);
}

import createDecoder from "@jsquash/jpeg/codec/dec/mozjpeg_dec.js";
import { emscriptenOptions } from "../emscripten.ts";
import { EdgeError } from "../../core/errors.ts";
import { type JpegMarkers, readJpegMarkers } from "./markers.ts";
import { dropAlpha } from "../rgba.ts";
import type { Samples } from "../samples.ts";
import { lazyProgram } from "../wasm_program.ts";

const mozjpeg = lazyProgram(
  import.meta.resolve("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm"),
);

/**
 * Progressive files cost one pass over the picture per scan; real ones have
 * about 10.
 */
const MAX_SCANS = 100;

/** What MozJPEG takes at most for a pixel: the coefficients of three full components, and the result. */
const PIXEL_BYTES = 16;

/**
 * The one libjpeg warning that costs no pixels: up to 9 bytes of padding, as
 * webcams leave, at the end.
 */
const HARMLESS = /\b\d extraneous bytes before marker 0xd9/;

/**
 * Decodes an 8-bit baseline, extended or progressive Huffman JPEG with MozJPEG,
 * grey or colour. Every call gets an instance of its own, so that a fatal error
 * cannot spoil the next call and the memory goes back afterwards. libjpeg fills
 * in grey where data are missing and only warns; here a warning is an error.
 * Result: H×W×C samples, C = 1 where the file has one component, not yet
 * rotated.
 */
export async function decodeJpeg(bytes: Uint8Array): Promise<Samples> {
  const markers = readJpegMarkers(bytes);
  check(markers);
  const { width, height, components } = markers.frame;
  const channels = components === 1 ? 1 : 3;

  const program = await mozjpeg();
  let complaint = "";
  const note = (line: string) => {
    complaint ||= line;
  };
  let image: ImageData | null = null;
  try {
    const decoder = await createDecoder(
      emscriptenOptions(
        program,
        note,
        bytes.length + width * height * PIXEL_BYTES,
      ),
    );
    image = decoder.decode(bytes as Uint8Array<ArrayBuffer>, false);
  } catch (cause) {
    throw refusal(complaint, cause);
  }
  if (!image || (complaint && !HARMLESS.test(complaint))) {
    throw refusal(complaint);
  }
  if (image.width !== width || image.height !== height) {
    throw new EdgeError(
      "malformed",
      `Cannot read the JPEG: its header says ${width}×${height} pixels, ` +
        `${image.width}×${image.height} came out.`,
    );
  }
  const data = dropAlpha(image, channels);
  return { width, height, channels, max: 255, lossy: true, data };
}

function check({ frame, scans, missing }: JpegMarkers): void {
  const { process, precision, components } = frame;
  const reject = (came: string) => {
    throw new EdgeError(
      "unsupported-type",
      `Cannot read the JPEG: wanted 8-bit baseline or progressive, grey or colour; it is ${came}.`,
    );
  };
  if (process === 0xc3) reject("lossless");
  if (process === 0xf7) reject("JPEG-LS");
  if (process > 0xc3) {
    reject(process < 0xc8 ? "hierarchical" : "arithmetic-coded");
  }
  if (precision !== 8) reject(`${precision}-bit`);
  if (components === 4) reject("CMYK");
  if (components !== 1 && components !== 3) {
    reject(`of ${components} components`);
  }
  if (scans === 0 || scans > MAX_SCANS) {
    throw new EdgeError(
      "malformed",
      `Cannot read the JPEG: it has ${scans} scans; wanted 1 to ${MAX_SCANS}.`,
    );
  }
  if (missing > 0) {
    throw new EdgeError(
      "truncated",
      `Cannot read the JPEG: ${missing} of its ${components} components never come.`,
    );
  }
}

/** What libjpeg's first complaint means for the caller. */
function refusal(complaint: string, cause?: unknown): EdgeError {
  const [code, reason] = /premature end/i.test(complaint)
    ? ["truncated", "its picture data end too early"] as const
    : /memory|OOM/i.test(complaint)
    ? ["too-large", "decoding it needs too much memory"] as const
    : ["malformed", "its picture data are damaged"] as const;
  return new EdgeError(code, `Cannot read the JPEG: ${reason}.`, { cause });
}

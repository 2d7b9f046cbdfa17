import { decodeBounded, type Library } from "../decode_bounded.ts";
import { lazyProgram } from "../wasm_codec.ts";
import { readErrors } from "../../core/read_errors.ts";
import type { Jpeg2000Header } from "./header.ts";

/** The part of OpenJPEG that is used. */
interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  decode(): void;
  getFrameInfo(): {
    width: number;
    height: number;
    bitsPerSample: number;
    componentCount: number;
  };
}

type OpenJpeg = Library<{ J2KDecoder: new () => Decoder }>;

const openjpeg = lazyProgram(
  import.meta.resolve("@cornerstonejs/codec-openjpeg/decodewasm"),
);

/** OpenJPEG's code and compiled program, loaded with the first picture that needs them: few workers ever do. */
async function load(): Promise<OpenJpeg> {
  const [{ default: factory }, program] = await Promise.all([
    import("@cornerstonejs/codec-openjpeg/decodewasmjs"),
    openjpeg(),
  ]);
  return [factory as unknown as OpenJpeg[0], program];
}

/** The most that OpenJPEG takes for a sample: its coefficients in 32 bits, twice, and the result. */
const SAMPLE_BYTES = 16;

const errors = readErrors("JPEG 2000");
const { malformed, truncated } = errors;

/**
 * Decodes JPEG 2000 (T.800), lossless or lossy, with OpenJPEG, which undoes the multiple component transformation.
 *
 * @param header of these bytes; its size must have been checked, since memory is spent by it.
 * @param stored how many components are decoded for those that are wanted.
 * @returns H×W×C samples, interleaved.
 * @throws {EdgeError} for damaged or cut streams, and those that take too long.
 */
export async function decodeJpeg2000(
  bytes: Uint8Array,
  header: Jpeg2000Header,
  stored = header.components,
): Promise<Uint8Array | Uint16Array> {
  const { width, height, components, precision } = header;
  const pixels = width * height;
  const isWide = precision > 8;
  const samples = await decodeBounded(
    await load(),
    { bytes: bytes.length + pixels * stored * SAMPLE_BYTES, pixels },
    errors,
    ({ J2KDecoder }, complaints) => {
      const decoder = new J2KDecoder();
      decoder.getEncodedBuffer(bytes.length).set(bytes);
      decoder.decode();
      const found = decoder.getFrameInfo();
      if (found.width === 0) throw truncated("inside its picture data");
      if (
        found.width !== width || found.height !== height ||
        found.componentCount !== components ||
        found.bitsPerSample !== precision
      ) {
        throw malformed(
          `its header says ${width}×${height}×${components} samples of ${precision} bits; ` +
            `decoding gave ${found.width}×${found.height}×${found.componentCount} of ${found.bitsPerSample}.`,
        );
      }
      const decoded = decoder.getDecodedBuffer();
      const length = pixels * components * (isWide ? 2 : 1);
      if (complaints.length > 0 || decoded.length !== length) {
        throw truncated("inside its picture data, or they are damaged");
      }
      return decoded.slice();
    },
  );
  return isWide ? new Uint16Array(samples.buffer) : samples;
}

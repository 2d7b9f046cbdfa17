import { emscriptenOptions, lazyProgram } from "../wasm_codec.ts";
import { EdgeError } from "../../core/errors.ts";
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

type Factory = (
  options: ReturnType<typeof emscriptenOptions>,
) => Promise<{ J2KDecoder: new () => Decoder }>;

const openjpeg = lazyProgram(
  import.meta.resolve("@cornerstonejs/codec-openjpeg/decodewasm"),
);

/** OpenJPEG's code and compiled program, loaded with the first picture that needs them: few workers ever do. */
async function load(): Promise<[Factory, WebAssembly.Module]> {
  const [{ default: factory }, module] = await Promise.all([
    import("@cornerstonejs/codec-openjpeg/decodewasmjs"),
    openjpeg(),
  ]);
  return [factory as unknown as Factory, module];
}

/** The most that OpenJPEG takes for a sample: its coefficients in 32 bits, twice, and the result. */
const SAMPLE_BYTES = 16;

const { malformed, truncated } = readErrors("JPEG 2000");

/**
 * Decodes JPEG 2000 (T.800), lossless or lossy, with OpenJPEG, which undoes the multiple component transformation.
 * Every call gets its own instance, so that a fatal error cannot spoil the next call and the memory is freed
 * afterwards.
 *
 * @param header of these bytes; its size must have been checked, since memory is spent by it.
 * @param stored how many components are decoded for those that are wanted.
 * @returns H×W×C samples, interleaved.
 * @throws {EdgeError} for damaged or cut streams.
 */
export async function decodeJpeg2000(
  bytes: Uint8Array,
  header: Jpeg2000Header,
  stored = header.components,
): Promise<Uint8Array | Uint16Array> {
  const [factory, module] = await load();
  const count = header.width * header.height * header.components;
  let complained = false;
  try {
    const options = emscriptenOptions(
      module,
      (line) => complained ||= !/^(\[INFO\]|$)/.test(line),
      bytes.length +
        header.width * header.height * stored * SAMPLE_BYTES,
    );
    const { J2KDecoder } = await factory(options);
    const decoder = new J2KDecoder();
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const { width, height, componentCount, bitsPerSample } = decoder
      .getFrameInfo();
    if (width === 0) throw truncated("inside its picture data");
    if (
      width !== header.width || height !== header.height ||
      componentCount !== header.components || bitsPerSample !== header.precision
    ) {
      throw malformed(
        `its header says ${header.width}×${header.height}×${header.components} samples of ` +
          `${header.precision} bits; decoding gave ${width}×${height}×${componentCount} of ${bitsPerSample}.`,
      );
    }
    const decoded = decoder.getDecodedBuffer();
    const isWide = bitsPerSample > 8;
    if (complained || decoded.length !== count * (isWide ? 2 : 1)) {
      throw truncated("inside its picture data, or they are damaged");
    }
    const samples = decoded.slice();
    return isWide ? new Uint16Array(samples.buffer) : samples;
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    throw malformed("its picture data are damaged.", error);
  }
}

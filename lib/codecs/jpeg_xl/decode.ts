import { decodeBounded, type Library } from "../decode_bounded.ts";
import type { DecodeOptions, Samples } from "../samples.ts";
import { lazyProgram } from "../wasm_codec.ts";
import { readAlpha } from "./alpha.ts";
import { boundsOf } from "./bounds.ts";
import { jpegXlCodestream } from "./codestream.ts";
import { jpegXlErrors, type JpegXlHeader, readJpegXlHeader } from "./header.ts";

/** The part of libjxl that is used; it turns pictures upright, and knows no alpha. */
interface Libjxl {
  JpegXLDecoder: new () => {
    getEncodedBuffer(length: number): Uint8Array;
    getDecodedBuffer(): Uint8Array;
    decode(): void;
    getFrameInfo(): {
      width: number;
      height: number;
      bitsPerSample: number;
      componentCount: number;
    };
  };
}

const program = lazyProgram(
  import.meta.resolve("@cornerstonejs/codec-libjxl/decodewasm"),
);

async function load(): Promise<Library<Libjxl>> {
  const [{ default: factory }, module] = await Promise.all([
    import("@cornerstonejs/codec-libjxl/decodewasmjs"),
    program(),
  ]);
  return [factory as unknown as Library<Libjxl>[0], module];
}

/** The most that libjxl takes for a pixel and channel: floats, thrice, and the result. */
const SAMPLE_BYTES = 16;

const { malformed } = jpegXlErrors;

/** Decodes a JPEG XL file, upright. Result: H×W×C samples of the depth that the file states. */
export async function decodeJpegXl(
  bytes: Uint8Array,
  { forMask = false }: DecodeOptions = {},
): Promise<Samples> {
  const codestream = jpegXlCodestream(bytes);
  const header = readJpegXlHeader(codestream);
  const { width, height, components: channels, precision, lossy } = header;
  const data = await decodeJpegXlSamples(codestream, header);
  const max = 2 ** precision - 1;
  const samples: Samples = { width, height, channels, max, lossy, data };
  if (!forMask || !header.hasAlpha) return samples;
  return { ...samples, alpha: await readAlpha(codestream, header) };
}

/**
 * Decodes a bare codestream with libjxl.
 *
 * @param header of these bytes; its size must have been checked.
 * @returns H×W×C samples, interleaved, upright.
 */
export async function decodeJpegXlSamples(
  codestream: Uint8Array,
  header: JpegXlHeader,
): Promise<Uint8Array | Uint16Array> {
  const { width, height, components, precision } = header;
  return await decodeBounded(
    await load(),
    boundsOf(codestream, header, SAMPLE_BYTES),
    jpegXlErrors,
    ({ JpegXLDecoder }) => {
      const decoder = new JpegXLDecoder();
      decoder.getEncodedBuffer(codestream.length).set(codestream);
      decoder.decode();
      const info = decoder.getFrameInfo();
      if (
        info.width !== width || info.height !== height ||
        info.componentCount !== components || info.bitsPerSample !== precision
      ) {
        throw malformed(
          `its header says ${width}×${height}×${components} samples of ${precision} bits; ` +
            `decoding gave ${info.width}×${info.height}×${info.componentCount} of ${info.bitsPerSample}.`,
        );
      }
      const samples = decoder.getDecodedBuffer().slice();
      return precision > 8 ? new Uint16Array(samples.buffer) : samples;
    },
  );
}

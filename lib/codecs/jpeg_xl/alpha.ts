import { decodeBounded, type Library } from "../decode_bounded.ts";
import { alphaOf, lazyProgram } from "../wasm_codec.ts";
import { boundsOf } from "./bounds.ts";
import { jpegXlErrors, type JpegXlHeader } from "./header.ts";

/** Another build of libjxl, which gives 8-bit RGBA. */
interface LibjxlRgba {
  decode(bytes: Uint8Array): ImageData | null;
}

const program = lazyProgram(
  import.meta.resolve("@jsquash/jxl/codec/dec/jxl_dec.wasm"),
);

async function load(): Promise<Library<LibjxlRgba>> {
  const [{ default: factory }, module] = await Promise.all([
    import("@jsquash/jxl/codec/dec/jxl_dec.js"),
    program(),
  ]);
  return [factory as unknown as Library<LibjxlRgba>[0], module];
}

/** The most that this build takes for a pixel and channel: it keeps floats, the result and a copy. */
const SAMPLE_BYTES = 32;

const { malformed } = jpegXlErrors;

/** The opacity of every pixel, 0..255, for masks; upright. */
export async function readAlpha(
  codestream: Uint8Array,
  header: JpegXlHeader,
): Promise<Uint8Array> {
  const image = await decodeBounded(
    await load(),
    boundsOf(codestream, header, SAMPLE_BYTES),
    jpegXlErrors,
    (libjxl) => libjxl.decode(codestream),
  );
  if (image?.width !== header.width || image.height !== header.height) {
    throw malformed("its alpha channel is damaged.");
  }
  return alphaOf(image);
}

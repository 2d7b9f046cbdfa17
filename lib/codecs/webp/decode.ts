import createDecoder from "@jsquash/webp/codec/dec/webp_dec.js";
import {
  alphaOf,
  dropAlpha,
  emscriptenOptions,
  lazyProgram,
} from "../wasm_codec.ts";
import type { Bytes } from "../../core/bytes.ts";
import { readErrors } from "../../core/read_errors.ts";
import type { DecodeOptions, Samples } from "../samples.ts";
import { readWebpChunks } from "./chunks.ts";

const libwebp = lazyProgram(
  import.meta.resolve("@jsquash/webp/codec/dec/webp_dec.wasm"),
);

const { damaged, requireSize, unsupported } = readErrors("WebP");

/** The most that libwebp takes for a pixel: lossless, with alpha, its working copy and the result. */
const PIXEL_BYTES = 16;

/**
 * Decodes a still WebP, lossy or lossless, with libwebp; alpha is dropped, but for masks. Every call gets its own
 * instance, so that the memory is freed afterwards. Result: H×W×3 samples, not yet rotated.
 */
export async function decodeWebp(
  bytes: Uint8Array,
  { forMask = false }: DecodeOptions = {},
): Promise<Samples> {
  const { width, height, lossy, animated, hasAlpha } = readWebpChunks(bytes);
  if (animated) throw unsupported("a still picture", "an animation");
  const program = await libwebp();
  let image: ImageData | null = null;
  let cause: unknown;
  try {
    const decoder = await createDecoder(
      emscriptenOptions(
        program,
        () => {},
        bytes.length + width * height * PIXEL_BYTES,
      ),
    );
    image = decoder.decode(bytes as Bytes);
  } catch (error) {
    cause = error;
  }
  if (!image) throw damaged(cause);
  requireSize({ width, height }, image);
  const alpha = forMask && hasAlpha ? alphaOf(image) : undefined;
  const data = dropAlpha(image, 3);
  return {
    ...{ width, height, channels: 3, max: 255, lossy, data },
    ...(alpha && { alpha }),
  };
}

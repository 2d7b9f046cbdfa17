import { decodeBounded, type Library } from "../decode_bounded.ts";
import type { Samples } from "../samples.ts";
import { lazyProgram } from "../wasm_codec.ts";
import { heifErrors, type HeifHeader } from "./header.ts";
import { alphaOf, withoutAlpha } from "./alpha.ts";

/** The part of libavif that is used. */
interface Libavif {
  /** The picture as RGBA of that many bits, in an array of its own; 8 bits as `Uint8ClampedArray`, else in 16. */
  decode(bytes: Uint8Array, depth: number): Rgba | null;
}

interface Rgba {
  width: number;
  height: number;
  data: Uint8ClampedArray<ArrayBuffer> | Uint16Array<ArrayBuffer>;
}

const program = lazyProgram(
  import.meta.resolve("@jsquash/avif/codec/dec/avif_dec.wasm"),
);

async function load(): Promise<Library<Libavif>> {
  const [{ default: factory }, module] = await Promise.all([
    import("@jsquash/avif/codec/dec/avif_dec.js"),
    program(),
  ]);
  return [factory as unknown as Library<Libavif>[0], module];
}

/** The most that libavif takes for a pixel: four planes of 16 bits, decoded, kept and copied, and RGBA of 16 bits. */
const PIXEL_BYTES = 40;

/**
 * Decodes the primary picture of an AVIF file with libavif, as it is stored.
 *
 * @param header of these bytes; its size must have been checked.
 */
export async function decodeAv1(
  bytes: Uint8Array,
  header: HeifHeader,
  forMask: boolean,
): Promise<Samples> {
  const errors = heifErrors(bytes);
  const { width, height, depth, isGrey, coded } = header;
  const bounds = { bytes: bytes.length + coded * PIXEL_BYTES, pixels: coded };
  const image = await decodeBounded(
    await load(),
    bounds,
    errors,
    (libavif) => libavif.decode(asStill(bytes), depth),
  );
  if (image === null) throw errors.damaged();
  errors.requireSize(header, image);
  const channels = isGrey ? 1 : 3;
  const max = 2 ** depth - 1;
  const common = { width, height, channels, max, lossy: true } as const;
  // Eight bits come clamped; the clamping is over.
  const rgba = image.data instanceof Uint16Array
    ? image.data
    : new Uint8Array(image.data.buffer);
  const hasAlpha = forMask && header.hasAlpha;
  const alpha = hasAlpha ? alphaOf(rgba, max) : undefined;
  const data = withoutAlpha(rgba, channels);
  return alpha === undefined ? { ...common, data } : { ...common, data, alpha };
}

/** The file with `avif` as its major brand, so that libavif takes the still picture and not the sequence beside it. */
function asStill(bytes: Uint8Array): Uint8Array {
  const still = bytes.slice();
  still.set(new TextEncoder().encode("avif"), 8);
  return still;
}

import { decodeBounded, type Library } from "../decode_bounded.ts";
import type { Samples } from "../samples.ts";
import { lazyProgram } from "../wasm_codec.ts";
import { alphaOf, withoutAlpha } from "./alpha.ts";
import { heifErrors, type HeifHeader } from "./header.ts";

/** The part of libheif that is used; its enumerations are objects. */
interface Libheif {
  heif_context_alloc(): object;
  heif_context_read_from_memory(
    context: object,
    bytes: Uint8Array,
  ): { code: { value: number } };
  heif_js_context_get_primary_image_handle(context: object): object;
  heif_js_decode_image2(
    handle: object,
    colours: object,
    layout: object,
  ): { channels?: Channel[] };
  heif_colorspace: Record<string, object>;
  heif_chroma: Record<string, object>;
  heif_channel: Record<string, object>;
}

/** A plane, whose rows may be padded, in the instance's memory. */
interface Channel {
  id: object;
  width: number;
  height: number;
  /** Bytes from one row to the next. */
  stride: number;
  data: Uint8Array;
}

const program = lazyProgram(
  import.meta.resolve("libheif-js/libheif-wasm/libheif.wasm"),
);

/** libheif is licensed under the LGPL: it is loaded as it was published, and only when a HEIC comes. */
async function load(): Promise<Library<Libheif>> {
  const [{ default: factory }, module] = await Promise.all([
    import("libheif-js/libheif-wasm/libheif.js"),
    program(),
  ]);
  return [factory as unknown as Library<Libheif>[0], module];
}

/** The most that libheif takes for a pixel: planes of 16 bits, a tile of them, and interleaved colours with alpha. */
const PIXEL_BYTES = 32;

/**
 * Decodes the primary picture of a HEIC file with libheif, turned and cropped as the file says.
 *
 * @param header of these bytes; its size must have been checked.
 */
export async function decodeHevc(
  bytes: Uint8Array,
  header: HeifHeader,
  forMask: boolean,
): Promise<Samples> {
  const errors = heifErrors(bytes);
  const { width, height, isGrey, depth, coded } = header;
  const hasAlpha = forMask && header.hasAlpha;
  const bounds = { bytes: bytes.length + coded * PIXEL_BYTES, pixels: coded };
  return await decodeBounded(await load(), bounds, errors, (libheif) => {
    const context = libheif.heif_context_alloc();
    const read = libheif.heif_context_read_from_memory(context, bytes);
    if (read.code.value !== 0) throw errors.damaged();
    const handle = libheif.heif_js_context_get_primary_image_handle(context);
    const { channels = [] } = libheif.heif_js_decode_image2(
      handle,
      libheif.heif_colorspace[
        `heif_colorspace_${isGrey ? "monochrome" : "RGB"}`
      ],
      libheif.heif_chroma[`heif_chroma_${layoutOf(header, hasAlpha)}`],
    );
    /** A channel's samples, of which a pixel has some. */
    const samples = (name: string, perPixel: number) => {
      const id = libheif.heif_channel[`heif_channel_${name}`];
      const found = channels.find((channel) => channel.id === id);
      if (found === undefined) throw errors.damaged();
      errors.requireSize(header, found);
      return copyRows(found, perPixel, depth > 8);
    };
    const max = 2 ** depth - 1;
    const common = { width, height, max, lossy: true };
    if (isGrey) {
      const grey = { ...common, channels: 1 as const, data: samples("Y", 1) };
      if (!hasAlpha) return grey;
      return { ...grey, alpha: toBytes(samples("Alpha", 1), max) };
    }
    const data = samples("interleaved", hasAlpha ? 4 : 3);
    if (!hasAlpha) return { ...common, channels: 3, data };
    const alpha = alphaOf(data, max);
    return { ...common, channels: 3, data: withoutAlpha(data, 3), alpha };
  });
}

/** The layout of samples that is asked for, as libheif names it. */
function layoutOf({ isGrey, depth }: HeifHeader, hasAlpha: boolean): string {
  if (isGrey) return "monochrome";
  if (depth === 8) return hasAlpha ? "interleaved_RGBA" : "interleaved_RGB";
  return hasAlpha ? "interleaved_RRGGBBAA_LE" : "interleaved_RRGGBB_LE";
}

/** A copy of a channel's rows, without what pads them. */
function copyRows(
  { width, height, stride, data }: Channel,
  perPixel: number,
  isWide: boolean,
): Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
  const row = width * perPixel * (isWide ? 2 : 1);
  const out = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) {
    out.set(data.subarray(y * stride, y * stride + row), y * row);
  }
  return isWide ? new Uint16Array(out.buffer) : out;
}

/** Opacities up to `max` as 0..255. */
function toBytes(alpha: Uint8Array | Uint16Array, max: number): Uint8Array {
  return Uint8Array.from(alpha, (v) => Math.round(v * 255 / max));
}

import { malformed, truncated } from "../data_set/data_set.ts";
import { type DicomLayout, unsupported } from "./layout.ts";
import type { Words } from "./native.ts";
import { emscriptenOptions } from "../../codecs/emscripten.ts";
import { EdgeError } from "../../core/errors.ts";
import { decodeJpeg } from "../../codecs/jpeg/decode.ts";
import { decodeExtendedJpeg } from "../../codecs/jpeg/extended.ts";
import { decodeJpegLs } from "../../codecs/jpeg_ls/decode.ts";
import { decodeLosslessJpeg } from "../../codecs/jpeg/lossless.ts";
import { readJpegHeader } from "../../codecs/jpeg/markers.ts";
import { lazyProgram } from "../../codecs/wasm_program.ts";

/** A compressed frame, decoded. */
export interface CodedFrame {
  /** Interleaved sample values. */
  words: Words;
  lossy: boolean;
  /** Whether the codec has turned colours into RGB already. */
  isRgb: boolean;
}

/** What a codestream says of itself, which must be what the data set says. */
interface Stream {
  width: number;
  height: number;
  components: number;
  precision: number;
}

/**
 * JPEG, processes 1 to 4 and 14 (PS3.5 §8.2.1). MozJPEG turns Y'CbCr into RGB by the markers of the
 * stream; without any, the photometric interpretation decides.
 */
export async function decodeJpegFrame(
  bytes: Uint8Array,
  layout: DicomLayout,
): Promise<CodedFrame> {
  const frame = readJpegHeader(bytes);
  requireSame(layout, frame);
  if (frame.process === 0xc3) {
    const words = decodeLosslessJpeg(bytes, frame);
    return { words, lossy: false, isRgb: false };
  }
  if (frame.precision > 8 && frame.process === 0xc1) {
    const words = decodeExtendedJpeg(bytes, frame);
    return { words, lossy: true, isRgb: false };
  }
  const raw = layout.photometric === "RGB" && !statesColour(bytes);
  const { data } = await decodeJpeg(raw ? statingRgb(bytes) : bytes);
  return { words: data as Uint8Array, lossy: true, isRgb: true };
}

/** Whether a JFIF or Adobe segment says what the colours are. */
function statesColour(bytes: Uint8Array): boolean {
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    if (marker === 0xe0 || marker === 0xee) return true;
    if (marker === 0xda) return false;
    at += 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
  }
  return false;
}

/** The stream with an Adobe segment of transform 0 behind its start. */
function statingRgb(bytes: Uint8Array): Uint8Array {
  const adobe = [0xff, 0xee, 0, 14, ...new TextEncoder().encode("Adobe")];
  const segment = Uint8Array.of(...adobe, 0, 100, 0, 0, 0, 0, 0);
  const out = new Uint8Array(bytes.length + segment.length);
  out.set(bytes.subarray(0, 2));
  out.set(segment, 2);
  out.set(bytes.subarray(2), 2 + segment.length);
  return out;
}

/** The part of OpenJPEG that is used. */
interface Codec {
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
) => Promise<{ J2KDecoder: new () => Codec }>;

const openjpeg = lazyProgram(
  import.meta.resolve("@cornerstonejs/codec-openjpeg/decodewasm"),
);

/** Code and compiled program of OpenJPEG, loaded with the first frame that needs them: few workers ever do. */
async function load(): Promise<[Factory, WebAssembly.Module]> {
  const [{ default: factory }, module] = await Promise.all([
    import("@cornerstonejs/codec-openjpeg/decodewasmjs"),
    openjpeg(),
  ]);
  return [factory as unknown as Factory, module];
}

/** What OpenJPEG takes at most for a sample: its coefficients in 32 bits, twice, and the result. */
const SAMPLE_BYTES = 16;

/**
 * Decodes with an instance of its own, so that a fatal error cannot spoil the next frame and the
 * memory goes back afterwards.
 */
async function run(bytes: Uint8Array, layout: DicomLayout): Promise<Words> {
  const [factory, module] = await load();
  let complaint = false;
  try {
    const { width: columns, height: rows, samples } = layout;
    const options = emscriptenOptions(
      module,
      (line) => complaint ||= !/^(\[INFO\]|$)/.test(line),
      bytes.length + columns * rows * samples * SAMPLE_BYTES,
    );
    const codecs = await factory(options);
    const codec = new codecs.J2KDecoder();
    codec.getEncodedBuffer(bytes.length).set(bytes);
    codec.decode();
    const { width, height, componentCount: components, bitsPerSample } = codec
      .getFrameInfo();
    requireSame(layout, {
      width,
      height,
      components,
      precision: bitsPerSample,
    });
    const decoded = codec.getDecodedBuffer();
    const count = width * height * components;
    const wide = bitsPerSample > 8;
    if (complaint || decoded.length !== count * (wide ? 2 : 1)) {
      throw truncated("inside its compressed pixel data, or they are damaged");
    }
    const copy = decoded.slice();
    return wide ? new Uint16Array(copy.buffer) : copy;
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    throw malformed("its compressed pixel data are damaged.");
  }
}

/** JPEG-LS (T.87), lossless or near-lossless. */
export function decodeJpegLsFrame(
  bytes: Uint8Array,
  layout: DicomLayout,
): CodedFrame {
  const frame = readJpegHeader(bytes);
  if (frame.process !== 0xf7) {
    throw malformed("its pixel data are not the JPEG-LS that it states.");
  }
  requireSame(layout, frame);
  return { words: decodeJpegLs(bytes, frame), lossy: false, isRgb: false };
}

/** JPEG 2000 (T.800): OpenJPEG undoes the multiple component transformation. */
export async function decodeJpeg2000Frame(
  bytes: Uint8Array,
  layout: DicomLayout,
): Promise<CodedFrame> {
  requireSame(layout, readJpeg2000Header(bytes));
  const words = await run(bytes, layout);
  return {
    words,
    lossy: false,
    isRgb: !layout.photometric.startsWith("YBR_FULL"),
  };
}

/** OpenJPEG takes some 10 kB a tile before it has read any. */
const MOST_TILES = 4096;
/** What the shortest tile-part takes of a codestream: its SOT and SOD markers (T.800 §A.4). */
const TILE_BYTES = 14;

/** The SIZ segment at the start of a codestream (T.800 §A.5.1), or behind the boxes of a JP2 file. */
function readJpeg2000Header(bytes: Uint8Array): Stream {
  const at = startOfCodestream(bytes);
  if (at < 0 || at + 44 > bytes.length) {
    throw malformed("its pixel data are not the JPEG 2000 that it states.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const components = view.getUint16(40);
  if (at + 42 + 3 * components > bytes.length) {
    throw truncated("inside its compressed pixel data");
  }
  for (let c = 0; c < components; c++) {
    if (view.getUint8(43 + 3 * c) !== 1 || view.getUint8(44 + 3 * c) !== 1) {
      throw unsupported(
        "JPEG 2000 of full colour resolution",
        "subsampled components",
      );
    }
  }
  const along = (size: number, offset: number, tile: number) =>
    Math.ceil(
      (view.getUint32(size) - view.getUint32(offset)) / view.getUint32(tile),
    );
  const tiles = along(8, 32, 24) * along(12, 36, 28);
  if (!(tiles > 0 && tiles <= MOST_TILES)) {
    throw unsupported(
      `JPEG 2000 of at most ${MOST_TILES} tiles`,
      `${tiles} tiles`,
    );
  }
  if (tiles * TILE_BYTES > bytes.length) {
    throw truncated("inside its compressed pixel data");
  }
  return {
    width: view.getUint32(8) - view.getUint32(16),
    height: view.getUint32(12) - view.getUint32(20),
    components,
    precision: (view.getUint8(42) & 127) + 1,
  };
}

/**
 * Where the codestream starts that OpenJPEG decodes: at the start, or in the first `jp2c` box of a JP2
 * file (T.800 §I.4). A marker found anywhere else could be a small lure before a large picture.
 */
function startOfCodestream(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const has = (at: number, ...wanted: number[]) =>
    at + 4 * wanted.length <= bytes.length &&
    wanted.every((word, i) => view.getUint32(at + 4 * i) === word);
  let at = 0;
  if (has(0, 12, 0x6a502020, 0x0d0a870a)) {
    for (let length = 12; !has(at + 4, 0x6a703263); at += length) {
      if (at + 8 > bytes.length) return -1;
      length = view.getUint32(at);
      // A box of 64-bit length is larger than a frame here, and one of no length is the last.
      if (length < 8) return -1;
    }
    at += has(at, 1) ? 16 : 8;
  }
  return has(at, 0xff4fff51) ? at : -1;
}

/** Before any memory is spent: a codestream of another size is refused by its header. */
function requireSame(layout: DicomLayout, stream: Stream): void {
  const { width, height, samples, allocated } = layout;
  if (
    stream.width === width && stream.height === height &&
    stream.components === samples && stream.precision <= allocated
  ) return;
  throw malformed(
    `it says ${width}×${height} pixels of ${samples} samples of ${allocated} bits, and its ` +
      `compressed frame ${stream.width}×${stream.height} of ${stream.components} of ${stream.precision}.`,
  );
}

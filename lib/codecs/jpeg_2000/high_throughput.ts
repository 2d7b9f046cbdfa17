import { readErrors } from "../../core/read_errors.ts";
import { decodeBounded, type Library } from "../decode_bounded.ts";
import { lazyProgram } from "../wasm_codec.ts";
import type { Jpeg2000Header } from "./header.ts";

/** The part of OpenJPH that is used. */
interface OpenJph {
  HTJ2KDecoder: new () => {
    getEncodedBuffer(length: number): Uint8Array;
    getDecodedBuffer(): Uint8Array;
    decode(): void;
  };
}

const program = lazyProgram(
  import.meta.resolve("@cornerstonejs/codec-openjph/wasm"),
);

async function load(): Promise<Library<OpenJph>> {
  const [{ default: factory }, module] = await Promise.all([
    import("@cornerstonejs/codec-openjph/wasmjs"),
    program(),
  ]);
  return [factory as unknown as Library<OpenJph>[0], module];
}

/** The most that OpenJPH takes for a sample: lines of it, coded blocks, and the result. */
const SAMPLE_BYTES = 16;

const errors = readErrors("High-Throughput JPEG 2000");
const { damaged, malformed, truncated, unsupported } = errors;

/**
 * Decodes a codestream of High-Throughput JPEG 2000 (T.814), lossless or lossy, with OpenJPH, which undoes the multiple
 * component transformation. OpenJPH makes up what a cut stream lacks, so the tile-parts are counted first.
 *
 * @param header of these bytes; its size must have been checked.
 * @returns H×W×C samples, interleaved; signed ones in two's complement.
 * @throws {EdgeError} for damaged or cut streams.
 */
export async function decodeHighThroughput(
  bytes: Uint8Array,
  header: Jpeg2000Header,
): Promise<Uint8Array | Uint16Array> {
  requireWhole(bytes, header);
  const { width, height, components, precision } = header;
  if (precision > 16) throw unsupported("up to 16 bits", `${precision}`);
  const count = width * height * components;
  const isWide = precision > 8;
  const samples = await decodeBounded(
    await load(),
    { bytes: bytes.length + count * SAMPLE_BYTES, pixels: count },
    errors,
    ({ HTJ2KDecoder }, notes) => {
      const decoder = new HTJ2KDecoder();
      const input = decoder.getEncodedBuffer(bytes.length);
      input.set(bytes);
      // OpenJPH clips signed samples of 8 bits at 0, so all are decoded as unsigned, half their range higher.
      for (let c = 0; c < components; c++) input[42 + 3 * c] &= 127;
      decoder.decode();
      const decoded = decoder.getDecodedBuffer();
      if (notes.length > 0 || decoded.length !== count * (isWide ? 2 : 1)) {
        throw damaged();
      }
      const copy = decoded.slice();
      return isWide ? new Uint16Array(copy.buffer) : copy;
    },
  );
  if (header.isSigned) {
    const half = 2 ** (precision - 1);
    for (let i = 0; i < count; i++) samples[i] -= half;
  }
  return samples;
}

const [SOT, SOD, EOC] = [0xff90, 0xff93, 0xffd9];

/** Follows the tile-parts (T.800 §A.4.2) to the end marker. */
function requireWhole(bytes: Uint8Array, { tiles }: Jpeg2000Header): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const inside = () => truncated("inside its picture data");
  if (view.getUint16(0) !== 0xff4f) {
    throw malformed("its codestream does not begin at its first byte.");
  }
  const seen = new Set<number>();
  for (let at = 2;;) {
    if (at + 2 > bytes.length) throw inside();
    const marker = view.getUint16(at);
    if (marker === EOC) break;
    if (at + 12 > bytes.length) throw inside();
    if (marker !== SOT) {
      const length = view.getUint16(at + 2);
      if (marker < 0xff00 || marker === SOD || length < 2 || seen.size > 0) {
        throw malformed("its markers are damaged.");
      }
      at += 2 + length;
      continue;
    }
    seen.add(view.getUint16(at + 4));
    const length = view.getUint32(at + 6);
    // The last one may leave its length open; the end marker follows it, and a byte that makes the length even.
    if (length === 0) {
      const end = bytes.lastIndexOf(0xd9);
      if (end < bytes.length - 2 || bytes[end - 1] !== 0xff) throw inside();
      break;
    }
    if (length < 14) throw malformed("its markers are damaged.");
    at += length;
  }
  if (seen.size < tiles) throw truncated("before its last tile");
}

import { malformed, truncated } from "../data_set/data_set.ts";
import type { DicomLayout } from "./layout.ts";

/** Sample values as a codec returns them, not yet cut to the stored bits. */
export type Words =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/**
 * The words of one frame of uncompressed pixel data (PS3.5 §8.2), colours interleaved. Frames of single bits follow
 * each other without padding.
 */
export function nativeFrame(layout: DicomLayout, frame: number): Words {
  const bytes = nativePixels(layout);
  const { width, height, allocated } = layout;
  const pixels = width * height;
  if (allocated === 1) return unpackBits(bytes, frame * pixels, pixels);
  const size = frameBytes(layout);
  return frameWords(layout, bytes, frame * size);
}

/** The words of one frame, which begins at a byte, colours interleaved. */
export function frameWords(
  layout: DicomLayout,
  bytes: Uint8Array,
  from = 0,
): Words {
  const { width, height, allocated } = layout;
  if (allocated === 1) return unpackBits(bytes, 8 * from, width * height);
  const words = toWords(layout, bytes, from, from + frameBytes(layout));
  if (layout.inPairs) return expandPairs(words, width, height);
  return layout.planar ? interleave(words, width * height) : words;
}

/** The pixel data of all frames. @throws {EdgeError} where they are cut short. */
export function nativePixels(layout: DicomLayout): Uint8Array {
  const { width, height, frames, pixels: { native } } = layout;
  if (native === undefined) {
    throw malformed("its pixel data are in fragments, but not compressed.");
  }
  if (native.length * 8 < frameBits(layout) * frames) {
    throw truncated(
      `inside its pixel data: they have ${native.length} bytes for ${frames} frames of ${width}×${height}`,
    );
  }
  return native;
}

/** Bytes of one uncompressed frame. */
export function frameBytes(layout: DicomLayout): number {
  return Math.ceil(frameBits(layout) / 8);
}

function frameBits(
  { width, height, samples, allocated, inPairs }: DicomLayout,
): number {
  return inPairs
    ? 2 * (width + width % 2) * height * allocated
    : width * height * samples * allocated;
}

/** Words in the machine's byte order. */
function toWords(
  { dataset, tag, allocated, isFloat }: DicomLayout,
  all: Uint8Array,
  from: number,
  to: number,
): Words {
  const { littleEndian } = dataset.coding;
  const bytes = all.subarray(from, to);
  if (allocated === 8) {
    if (littleEndian || dataset.vr(tag) !== "OW") return bytes.slice();
    // Big-endian 16-bit words of two 8-bit samples each, the first one low; a frame may begin or end inside a word.
    const start = from - from % 2;
    return swapPairs(all.subarray(start, to + to % 2))
      .slice(from - start, to - start);
  }
  if (allocated === 16) {
    const words = new Uint16Array(bytes.length >> 1);
    const low = littleEndian ? 0 : 1;
    for (let i = 0, at = 0; i < words.length; i++, at += 2) {
      words[i] = bytes[at + low] | (bytes[at + 1 - low] << 8);
    }
    return words;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = bytes.length * 8 / allocated;
  const fill = <T extends Words>(words: T, read: (at: number) => number): T => {
    for (let i = 0; i < length; i++) words[i] = read(i * allocated / 8);
    return words;
  };
  if (allocated === 64) {
    return fill(
      new Float64Array(length),
      (at) => view.getFloat64(at, littleEndian),
    );
  }
  return isFloat
    ? fill(new Float32Array(length), (at) => view.getFloat32(at, littleEndian))
    : fill(new Uint32Array(length), (at) => view.getUint32(at, littleEndian));
}

/** Bytes with the two of every 16-bit word in the other order. */
export function swapPairs(bytes: Uint8Array): Uint8Array {
  const swapped = bytes.slice();
  for (let i = 0; i + 1 < swapped.length; i += 2) {
    [swapped[i], swapped[i + 1]] = [swapped[i + 1], swapped[i]];
  }
  return swapped;
}

/** `count` bits from bit `from` on, the lowest bit of a byte first. */
function unpackBits(
  bytes: Uint8Array,
  from: number,
  count: number,
): Uint8Array {
  const out = new Uint8Array(count);
  for (let i = 0, bit = from; i < count; i++, bit++) {
    out[i] = (bytes[Math.floor(bit / 8)] >> (bit % 8)) & 1;
  }
  return out;
}

/** Three planes, one after the other, as interleaved pixels. */
function interleave(planes: Words, pixels: number): Words {
  const out = planes.slice();
  for (let c = 0, from = 0; c < 3; c++) {
    for (let i = 0, to = c; i < pixels; i++, to += 3) out[to] = planes[from++];
  }
  return out;
}

/** Expands Y Y Cb Cr, for two neighbours in a row, to Y Cb Cr for each pixel (PS3.3 §C.7.6.3.1.2). */
function expandPairs(words: Words, width: number, height: number): Words {
  const out = new Uint8Array(width * height * 3);
  for (let y = 0, from = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x += 2, from += 4) {
      for (let k = 0; k < Math.min(2, width - x); k++) {
        out[to++] = words[from + k];
        out[to++] = words[from + 2];
        out[to++] = words[from + 3];
      }
    }
  }
  return out;
}

import { malformed, truncated } from "../data_set/data_set.ts";
import { TAG } from "../data_set/tags.ts";
import type { DicomLayout } from "./layout.ts";

/** Sample values as a codec returns them, not yet cut to the stored bits. */
export type Words = Uint8Array | Uint16Array;

/**
 * The words of one frame of uncompressed pixel data (PS3.5 §8.2), colours interleaved. Frames of single bits follow
 * each other without padding.
 */
export function nativeFrame(layout: DicomLayout, frame: number): Words {
  const { dataset, width, height, allocated, photometric } = layout;
  const bytes = nativePixels(layout);
  const pixels = width * height;
  const size = frameBits(layout) / 8;
  if (allocated === 1) return unpackBits(bytes, frame * pixels, pixels);

  const words = toWords(
    bytes.subarray(frame * size, (frame + 1) * size),
    allocated,
    dataset.coding.littleEndian,
    dataset.vr(TAG.pixelData) === "OW",
  );
  if (photometric === "YBR_FULL_422") return expand422(words, width);
  return layout.planar ? interleave(words, pixels) : words;
}

/** The pixel data of all frames. @throws {EdgeError} where they are cut short. */
export function nativePixels(layout: DicomLayout): Uint8Array {
  const { dataset, width, height, frames } = layout;
  const bytes = dataset.bytes(TAG.pixelData);
  if (bytes === undefined || dataset.fragments(TAG.pixelData)) {
    throw malformed("its pixel data are in fragments, but not compressed.");
  }
  if (bytes.length * 8 < frameBits(layout) * frames) {
    throw truncated(
      `inside its pixel data: they have ${bytes.length} bytes for ${frames} frames of ${width}×${height}`,
    );
  }
  return bytes;
}

function frameBits(
  { width, height, samples, allocated, photometric }: DicomLayout,
): number {
  const perPixel = photometric === "YBR_FULL_422" ? 2 : samples;
  return width * height * perPixel * allocated;
}

/** 8- or 16-bit words in the machine's byte order. */
function toWords(
  bytes: Uint8Array,
  allocated: 8 | 16,
  littleEndian: boolean,
  inWords: boolean,
): Words {
  if (allocated === 8) {
    if (littleEndian || !inWords) return bytes.slice();
    // Big-endian 16-bit words of two 8-bit samples each, the first one low.
    const swapped = bytes.slice();
    for (let i = 0; i + 1 < swapped.length; i += 2) {
      [swapped[i], swapped[i + 1]] = [swapped[i + 1], swapped[i]];
    }
    return swapped;
  }
  const words = new Uint16Array(bytes.length >> 1);
  const low = littleEndian ? 0 : 1;
  for (let i = 0, at = 0; i < words.length; i++, at += 2) {
    words[i] = bytes[at + low] | (bytes[at + 1 - low] << 8);
  }
  return words;
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

/** Expands Y Y Cb Cr, for two neighbours, to Y Cb Cr for each pixel (PS3.3 §C.7.6.3.1.2). */
function expand422(words: Words, width: number): Words {
  if (width % 2 === 1) {
    throw malformed(
      "its width is odd, but its colours are stored for pairs of columns.",
    );
  }
  const out = new Uint8Array((words.length / 2) * 3);
  for (let from = 0, to = 0; from < words.length; from += 4) {
    for (let k = 0; k < 2; k++) {
      out[to++] = words[from + k];
      out[to++] = words[from + 2];
      out[to++] = words[from + 3];
    }
  }
  return out;
}

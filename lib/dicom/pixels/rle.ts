import { malformed, truncated } from "../data_set/data_set.ts";
import type { DicomLayout } from "./layout.ts";
import type { CodedFrame } from "./codecs.ts";
import type { Words } from "./native.ts";

/**
 * Decodes a frame of RLE (PS3.5 Annex G), colours interleaved: one segment for each byte of each sample, the high
 * byte first, packed as PackBits.
 *
 * @throws {EdgeError}
 */
export function decodeRleFrame(
  bytes: Uint8Array,
  { width, height, samples, allocated, stored }: DicomLayout,
): CodedFrame {
  if (allocated === 1 || allocated === 64) {
    throw malformed(`values of ${allocated} bits cannot be coded as RLE.`);
  }
  const isShort = bytes[0] === samples && stored <= 8;
  // Some writers leave out the high bytes, of which no bit is stored.
  const perSample = isShort ? 1 : allocated / 8;
  const count = samples * perSample;
  if (bytes.length < 64) throw truncated("inside an RLE header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== count) {
    throw malformed(
      `an RLE frame does not have the ${count} segments of its pixels.`,
    );
  }
  const pixels = width * height;
  const size = pixels * samples;
  const out = allocated === 8
    ? new Uint8Array(size)
    : allocated === 16
    ? new Uint16Array(size)
    : new Uint32Array(size);
  for (let segment = 0; segment < count; segment++) {
    const from = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < count
      ? view.getUint32(8 + 4 * segment, true)
      : bytes.length;
    if (from < 64 || end < from || end > bytes.length) {
      throw malformed("an RLE segment lies outside its frame.");
    }
    const sample = Math.floor(segment / perSample);
    const shift = 8 * (perSample - 1 - (segment % perSample));
    unpack(bytes.subarray(from, end), out, sample, samples, shift);
  }
  return { words: out, lossy: false, isRgb: false };
}

/** Unpacks PackBits into every `step`th word from `to` on, shifted to its byte of the word. */
function unpack(
  packed: Uint8Array,
  out: Words,
  to: number,
  step: number,
  shift: number,
): void {
  let at = 0;
  while (to < out.length) {
    if (at + 1 >= packed.length) throw truncated("inside an RLE segment");
    const control = packed[at++];
    if (control === 128) continue;
    const literal = control < 128;
    const length = literal ? control + 1 : 257 - control;
    if (literal && at + length > packed.length) {
      throw truncated("inside an RLE segment");
    }
    for (let i = 0; i < length && to < out.length; i++, to += step) {
      out[to] |= packed[literal ? at + i : at] << shift;
    }
    at += literal ? length : 1;
  }
}

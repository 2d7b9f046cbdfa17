import { hasText } from "../../core/bytes.ts";
import { startOfCodestream } from "../../codecs/jpeg_2000/header.ts";

/**
 * What the colours of a JPEG stream are: as its JFIF or Adobe segment says, or YCbCr where components are subsampled,
 * as nobody does with RGB.
 */
export function readJpegColour(
  bytes: Uint8Array,
): "YCbCr" | "RGB" | "unstated" {
  let isSubsampled = false;
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xda) break;
    const length = bytes[at + 2] << 8 | bytes[at + 3];
    const isWhole = length >= 14;
    // JFIF allows no other colours; the last byte of an Adobe segment is its transform.
    if (marker === 0xe0 && isWhole && hasText(bytes, at + 4, "JFIF\0")) {
      return "YCbCr";
    }
    if (marker === 0xee && isWhole && hasText(bytes, at + 4, "Adobe")) {
      return bytes[at + 15] === 0 ? "RGB" : "YCbCr";
    }
    if (marker >= 0xc0 && marker <= 0xc2) {
      const sampling = [0, 1, 2].map((c) => bytes[at + 11 + 3 * c]);
      isSubsampled = bytes[at + 9] === 3 &&
        sampling.some((factors) => factors !== sampling[0]);
    }
    at += 2 + length;
  }
  return isSubsampled ? "YCbCr" : "unstated";
}

/** Whether a JPEG 2000 codestream transforms its components: the COD segment of its main header, T.800 §A.6.1. */
export function usesColourTransform(bytes: Uint8Array): boolean {
  const start = startOfCodestream(bytes);
  for (let at = start + 2; at + 9 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    if (marker === 0x52) return bytes[at + 8] === 1;
    if (marker === 0x90) break;
    at += 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
  }
  return false;
}

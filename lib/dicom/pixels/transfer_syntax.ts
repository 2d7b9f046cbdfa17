import { hasText } from "../../core/bytes.ts";

/** Transfer syntaxes whose pixels are not compressed (PS3.6 table A-1). */
const NATIVE = new Set([
  "1.2.840.10008.1.2",
  "1.2.840.10008.1.2.1",
  "1.2.840.10008.1.2.1.99",
  "1.2.840.10008.1.2.2",
]);

/** Explicit VR Little Endian, for pixels that are not compressed, whatever the file states. */
export const UNCOMPRESSED = "1.2.840.10008.1.2.1";
export const RLE = "1.2.840.10008.1.2.5";
/** The first of the syntaxes of each family; they differ in processes, which the codestream states too. */
const JPEG = "1.2.840.10008.1.2.4.50";
const JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70";
const JPEG_LS = "1.2.840.10008.1.2.4.80";
const JPEG_2000 = "1.2.840.10008.1.2.4.90";
const HTJ2K = "1.2.840.10008.1.2.4.201";
const JPEG_XL = "1.2.840.10008.1.2.4.110";

/** What other syntaxes are, by how their UIDs begin, for people. */
const NAMES: [uid: string, name: string][] = [
  ["1.2.840.10008.1.2.4.10[0-1]", "a video (MPEG-2)"],
  ["1.2.840.10008.1.2.4.10[2-6]", "a video (MPEG-4, H.264)"],
  ["1.2.840.10008.1.2.4.10[7-8]", "a video (HEVC, H.265)"],
  ["1.2.840.10008.1.2.7.", "a video (SMPTE ST 2110)"],
  ["1.2.840.10008.1.2.4.9[4-5]", "pixels that lie on another server (JPIP)"],
  ["1.2.840.10008.1.2.4.20[4-5]", "pixels that lie on another server (JPIP)"],
  ["1.2.840.10008.1.2.4.9[2-3]", "multi-component JPEG 2000 (Part 2)"],
  ["1.2.840.10008.1.2.4.[56]", "a retired process of JPEG"],
  ["1.2.840.113619.5.2", "GE's own big-endian coding"],
];

/** A transfer syntax in words, for refusals. */
export function nameOf(transferSyntax: string): string {
  const found = NAMES.find(([uid]) =>
    new RegExp(`^${uid.replaceAll(".", "\\.")}`).test(transferSyntax)
  );
  return found?.[1] ?? "another transfer syntax";
}

/** Whether a transfer syntax says that the pixels are not compressed. */
export function isNative(transferSyntax: string): boolean {
  return NATIVE.has(transferSyntax);
}

/** The transfer syntax that the beginning of a compressed frame shows, or undefined. */
export function syntaxOf(frame: Uint8Array): string | undefined {
  if (hasText(frame, 0, "\xff\xd8\xff")) return syntaxOfJpeg(frame);
  if (hasText(frame, 0, "\xff\x4f\xff\x51")) {
    // Rsiz, T.800 §A.5.1: its bit 14 alone stands for more capabilities, of which those of Part 15 are in use.
    return ((frame[6] ?? 0) & 0xc0) === 0x40 ? HTJ2K : JPEG_2000;
  }
  if (hasText(frame, 0, "\0\0\0\x0cjP  \r\n\x87\n")) return JPEG_2000;
  if (hasText(frame, 0, "\0\0\0\x0cJXL \r\n\x87\n")) return JPEG_XL;
  if (hasText(frame, 0, "\xff\x0a")) return JPEG_XL;
  return isRle(frame) ? RLE : undefined;
}

/** By the first frame header (T.81 §B.2.2). */
function syntaxOfJpeg(bytes: Uint8Array): string {
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    if (marker === 0xf7) return JPEG_LS;
    if (marker === 0xc3) return JPEG_LOSSLESS;
    if (marker === 0xda) break;
    at += marker === 0xff ? 1 : 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
  }
  return JPEG;
}

/** Whether bytes begin with an RLE header: 1 to 15 segments in order, the first behind the header (PS3.5 §G.5). */
function isRle(bytes: Uint8Array): boolean {
  if (bytes.length < 64) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 64);
  const count = view.getUint32(0, true);
  if (count < 1 || count > 15 || view.getUint32(4, true) !== 64) return false;
  for (let i = 2; i <= 15; i++) {
    const offset = view.getUint32(4 * i, true);
    const before = view.getUint32(4 * i - 4, true);
    if (i <= count ? offset <= before : offset !== 0) return false;
  }
  return true;
}

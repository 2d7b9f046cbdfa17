import { concat, hasText } from "../../core/bytes.ts";
import { jpegXlErrors } from "./header.ts";

const { malformed, truncated, tooLarge } = jpegXlErrors;

/** Parts that a codestream may be cut into. */
const MAX_PARTS = 10_000;

const CONTAINER = "\0\0\0\x0cJXL \r\n\x87\n";

/** Whether the bytes begin as a JPEG XL file does: bare, or in boxes. */
export function isJpegXl(bytes: Uint8Array): boolean {
  return hasText(bytes, 0, "\xff\x0a") || hasText(bytes, 0, CONTAINER);
}

/**
 * The codestream of a JPEG XL file: the whole file, or what its `jxlc` or `jxlp` boxes hold (ISO 18181-2 §9).
 *
 * @throws {EdgeError} `truncated` where a box runs past the end, or the last part is missing.
 */
export function jpegXlCodestream(bytes: Uint8Array): Uint8Array {
  if (!hasText(bytes, 0, CONTAINER)) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Uint8Array[] = [];
  for (let at = CONTAINER.length; at + 8 <= bytes.length;) {
    let from = at + 8;
    let size = view.getUint32(at);
    if (size === 1 && at + 16 <= bytes.length) {
      size = Number(view.getBigUint64(at + 8));
      from += 8;
    } else if (size === 0) size = bytes.length - at;
    const to = at + size;
    if (to < from) throw malformed("a box is shorter than its header.");
    if (to > bytes.length) throw truncated("inside one of its boxes");
    if (hasText(bytes, at + 4, "jxlc")) return bytes.subarray(from, to);
    if (hasText(bytes, at + 4, "jxlp")) {
      if (to - from < 4) throw malformed("a part is shorter than its number.");
      parts.push(bytes.subarray(from + 4, to));
      if (parts.length > MAX_PARTS) {
        throw tooLarge(`it has more than ${MAX_PARTS} parts.`);
      }
      if ((view.getUint32(from) & 0x80000000) !== 0) return concat(parts);
    }
    at = to;
  }
  throw truncated("before the end of its codestream");
}

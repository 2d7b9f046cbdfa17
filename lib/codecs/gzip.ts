import { constants, gunzipSync } from "node:zlib";
import { hasText } from "../core/bytes.ts";
import { readErrors } from "../core/read_errors.ts";

/** As many bytes of a file as surely show its type and its header, gzipped or not. */
export const HEAD_BYTES = 4096;
/** The most bytes of a file that was sent gzipped. */
const MOST_BYTES = 128 * 2 ** 20;

const { malformed, truncated, tooLarge } = readErrors("gzip file");

/** Whether a file is gzipped, RFC 1952 §2.3.1. */
export function isGzip(bytes: Uint8Array): boolean {
  return hasText(bytes, 0, "\x1f\x8b\x08");
}

/** The first bytes of what a gzip file holds; undefined where it is damaged. */
export function unpackHead(bytes: Uint8Array): Uint8Array | undefined {
  try {
    const head = bytes.subarray(0, HEAD_BYTES);
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}

/** What a gzip file holds. @throws {EdgeError} for one that is damaged, cut, or larger than is accepted. */
export function unpackGzip(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES });
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (code === "Z_BUF_ERROR") throw truncated("before its end", cause);
    throw code === "ERR_BUFFER_TOO_LARGE"
      ? tooLarge(`unpacked it holds more than ${MOST_BYTES} bytes.`)
      : malformed("its data are damaged.", cause);
  }
}

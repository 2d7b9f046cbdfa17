import { inflateRawSync } from "node:zlib";
import { malformed, tooLarge, truncated } from "./data_set.ts";

/**
 * Inflates a raw stream (RFC 1951); bytes behind it are ignored.
 *
 * @param most bytes that it may hold.
 * @param what it holds, for errors.
 * @throws {EdgeError}
 */
export function inflateRaw(
  stream: Uint8Array,
  most: number,
  what: "data set" | "frame",
): Uint8Array {
  // Some writers put the header of RFC 1950 before it, which no raw stream of theirs can be.
  const [method = 0, flags = 0] = stream;
  const isWrapped = method === 0x78 && (method << 8 | flags) % 31 === 0;
  try {
    return inflateRawSync(stream.subarray(isWrapped ? 2 : 0), {
      maxOutputLength: most,
    });
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (code === "Z_BUF_ERROR") {
      throw truncated(`inside a deflated ${what}`, cause);
    }
    if (code === "ERR_BUFFER_TOO_LARGE") {
      throw tooLarge(`a deflated ${what} holds more than ${most} bytes.`);
    }
    throw malformed(`a deflated ${what} is damaged.`, cause);
  }
}

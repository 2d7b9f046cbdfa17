import { inflateSync } from "node:zlib";
import { readErrors } from "../core/read_errors.ts";

/** DEFLATE cannot expand further than this: 258 bytes from two bits, RFC 1951 §3.2.5. */
export const MAX_DEFLATE_RATIO = 1032;

/**
 * Inflates a zlib stream (RFC 1950) to at least `wanted` and at most `limit` bytes, without ever holding more: a
 * stream that ends early, fails its Adler-32 or runs over the limit is refused. Bytes after the stream are ignored,
 * as libpng does.
 */
export function inflate(
  stream: Uint8Array,
  wanted: number,
  limit: number,
  format: "PNG" | "TIFF",
): Uint8Array {
  const { malformed, truncated } = readErrors(format);
  const short = (cause?: unknown) =>
    truncated(
      `before the ${wanted} bytes of pixels that its header announces`,
      cause,
    );
  if (wanted > (stream.length + 1) * MAX_DEFLATE_RATIO) throw short();
  let out: Uint8Array;
  try {
    out = inflateSync(stream, {
      maxOutputLength: limit,
      chunkSize: Math.min(Math.max(wanted, 1024), 1 << 20),
    });
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (code === "Z_BUF_ERROR") throw short(cause);
    throw malformed(
      code === "ERR_BUFFER_TOO_LARGE"
        ? `its compressed data hold more than the ${limit} bytes that its header announces.`
        : "its compressed data are damaged.",
      cause,
    );
  }
  if (out.length < wanted) throw short();
  return out;
}

import { inflateSync } from "node:zlib";
import { EdgeError } from "../core/errors.ts";

/**
 * DEFLATE cannot expand further than this: 258 bytes from two bits, RFC 1951
 * §3.2.5.
 */
const MAX_RATIO = 1032;

/**
 * Inflates a zlib stream (RFC 1950) to at least `wanted` and at most `limit`
 * bytes, without ever holding more: a stream that ends early, fails its
 * Adler-32 or runs over the limit is refused. Bytes after the stream are
 * ignored, as libpng does.
 */
export function inflate(
  stream: Uint8Array,
  wanted: number,
  limit: number,
  format: "PNG" | "TIFF",
): Uint8Array {
  if (wanted > (stream.length + 1) * MAX_RATIO) throw short(format, wanted);
  let out: Uint8Array;
  try {
    out = inflateSync(stream, {
      maxOutputLength: limit,
      chunkSize: Math.min(Math.max(wanted, 1024), 1 << 20),
    });
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (code === "Z_BUF_ERROR") throw short(format, wanted);
    throw new EdgeError(
      "malformed",
      `Cannot read the ${format}: its compressed data ` +
        (code === "ERR_BUFFER_TOO_LARGE"
          ? `hold more than the ${limit} bytes its header asks for.`
          : "are damaged."),
      { cause },
    );
  }
  if (out.length < wanted) throw short(format, wanted);
  return out;
}

function short(format: string, wanted: number): EdgeError {
  return new EdgeError(
    "truncated",
    `Cannot read the ${format}: its compressed data end before the ${wanted} bytes its header asks for.`,
  );
}

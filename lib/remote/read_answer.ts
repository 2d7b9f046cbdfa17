import { type Bytes, concat } from "../core/bytes.ts";
import { EdgeError, isImageCode } from "../core/errors.ts";

/** Longest problem document that is read, bytes. */
const MAX_PROBLEM = 65_536;

/** A body of at most `most` bytes; null for a longer one, not read to its end. @throws when the connection breaks. */
export async function readBody(
  response: Response,
  most: number,
): Promise<Bytes | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > most) return null;
    parts.push(part);
  }
  return concat(parts);
}

/**
 * The error that a host's problem document (RFC 9457) states, if it is about the image that was sent; null for any
 * other refusal, for which the sender of the image is not responsible.
 *
 * @throws when the connection breaks.
 */
export async function imageProblem(
  response: Response,
): Promise<EdgeError | null> {
  const bytes = await readBody(response, MAX_PROBLEM);
  if (bytes === null || response.status >= 500) return null;
  let problem: unknown;
  try {
    problem = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
  const { type, detail } = Object(problem);
  if (typeof type !== "string" || typeof detail !== "string") return null;
  const code = type.replace(/^.*\//, "");
  const isOfImage = code === "too-many-bytes" || isImageCode(code);
  return isOfImage ? new EdgeError(code, detail) : null;
}

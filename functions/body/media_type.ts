import type { Context } from "hono";
import { EdgeError } from "../../lib/core/errors.ts";

/** The media type of a request body without its parameters, lower case; empty when none is given. */
export function mediaTypeOf(c: Context): string {
  const [type = ""] = (c.req.header("content-type") ?? "").split(";");
  return type.trim().toLowerCase();
}

/** @throws EdgeError `unsupported-type` for a body of another type. */
export function requireMediaType(c: Context, wanted: string): void {
  const type = mediaTypeOf(c);
  if (type === wanted) return;
  throw new EdgeError(
    "unsupported-type",
    `Cannot read the body: wanted ${wanted}, got ${type || "no content type"}.`,
  );
}

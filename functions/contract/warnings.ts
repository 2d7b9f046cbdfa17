import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type Warning, WARNING_CODES } from "../../lib/core/warnings.ts";
import { header } from "./answers.ts";

const WarningDocument = z.object({
  code: z.string().describe(
    `One of ${WARNING_CODES.join(", ")}; later versions may add some`,
  ),
  detail: z.string(),
}).openapi("Warning", {
  example: {
    code: "window-ignored",
    detail:
      "The file states a window that leaves the picture all black, so its own values are used.",
  },
});

/** The warnings of an answer. */
export const Warnings = z.array(WarningDocument).describe(
  "Doubts about the files that were sent; empty where there are none",
);

/** Longest header of a list; proxies may refuse longer ones. */
const MAX_HEADER = 4000;

/** The header that carries the warnings of an answer that is a file, for the OpenAPI document. */
export const warningHeaders = {
  "x-warnings": header(
    "Of an answer that is a file: its warnings as a JSON array in ASCII; absent where there are none",
  ),
};

/** Puts the warnings of an answer that is a file into a header, without their sentences where these are too long. */
export function sendWarnings(c: Context, warnings: Warning[] = []): void {
  const shorten = ({ code }: Warning) => ({ code, detail: "" });
  sendJsonHeader(c, "x-warnings", warnings, shorten);
}

/**
 * Puts a list into a header as a JSON array in ASCII, if it holds something: whole, or else each item shortened, and then
 * only the first ones.
 */
export function sendJsonHeader<T>(
  c: Context,
  name: string,
  items: T[],
  shorten: (item: T) => unknown,
): void {
  if (items.length === 0) return;
  const whole = toAscii(JSON.stringify(items));
  if (whole.length <= MAX_HEADER) return c.header(name, whole);
  let short = toAscii(JSON.stringify(items.map(shorten)));
  for (let most = items.length; short.length > MAX_HEADER;) {
    most = Math.floor(most / 2);
    short = toAscii(JSON.stringify(items.slice(0, most).map(shorten)));
  }
  c.header(name, short);
}

/** JSON of the same value without characters that a header cannot hold. */
function toAscii(json: string): string {
  return json.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

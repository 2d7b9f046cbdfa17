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

/** Longest header of warnings; proxies may refuse longer ones. */
const MAX_HEADER = 4000;

/** The header that carries the warnings of an answer that is a file, for the OpenAPI document. */
export const warningHeaders = {
  "x-warnings": header(
    "Of an answer that is a file: its warnings as a JSON array in ASCII; absent where there are none",
  ),
};

/** Puts the warnings of an answer that is a file into a header, without their sentences where these are too long. */
export function sendWarnings(c: Context, warnings: Warning[] = []): void {
  if (warnings.length === 0) return;
  const whole = toAscii(JSON.stringify(warnings));
  const codes = JSON.stringify(
    warnings.map(({ code }) => ({ code, detail: "" })),
  );
  c.header("x-warnings", whole.length <= MAX_HEADER ? whole : codes);
}

/** JSON of the same value without characters that a header cannot hold. */
function toAscii(json: string): string {
  return json.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

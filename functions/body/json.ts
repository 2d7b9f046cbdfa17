import type { z } from "@hono/zod-openapi";
import { EdgeError } from "../../lib/core/errors.ts";
import { invalid } from "../contract/problems.ts";

/** Largest JSON body: a mask prompt of a large photo fits. */
export const MAX_JSON_BYTES = 5_000_000;

/**
 * JSON text that keeps to its schema.
 *
 * @param place where the text stands, as the paths of its faults begin: `body`, `body.prompts`.
 */
export function parseJson<T>(
  text: string,
  schema: z.ZodType<T>,
  place: string,
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EdgeError(
      "malformed-request",
      `Cannot read ${place}: it is not JSON.`,
    );
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(place, parsed.error.issues);
  return parsed.data;
}

import type { z } from "@hono/zod-openapi";
import { EdgeError } from "../../lib/core/errors.ts";
import { invalid } from "../contract/problems.ts";

/** Largest JSON body: a mask prompt of a large photo fits. */
export const MAX_JSON_BYTES = 5_000_000;

/**
 * Parses JSON text that must match a schema.
 *
 * @param place where the text was sent; the paths of its faults begin with it: `body`, `body.prompts`.
 * @throws EdgeError `malformed-request` for what is not JSON, `validation` for JSON that breaks the schema.
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
  return checkJson(value, schema, place);
}

/** Checks what was parsed already. @throws EdgeError `validation` for JSON that breaks the schema. */
export function checkJson<T>(
  value: unknown,
  schema: z.ZodType<T>,
  place: string,
): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(place, parsed.error.issues);
  return parsed.data;
}

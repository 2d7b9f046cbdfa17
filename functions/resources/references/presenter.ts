import type { z } from "@hono/zod-openapi";
import type { Reference } from "../../../lib/store/profiles/reference.ts";
import type { ReferenceDocument } from "./schema.ts";

/** A reference as the contract gives it. */
export function describeReference(
  reference: Reference,
): z.infer<typeof ReferenceDocument> {
  return { ...reference, report: reference.report ?? null };
}

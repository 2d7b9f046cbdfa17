import { z } from "@hono/zod-openapi";

/** Text of the caller's that is kept and given back as it is, and never logged. */
const opaque = z.string().min(1).max(256).refine(
  // deno-lint-ignore no-control-regex
  (text) => !/[\u0000-\u001f\u007f]/.test(text),
  "must have no control characters",
).nullable().default(null);

export const Accepted = z.strictObject({ by: opaque, at: opaque })
  .openapi("Accepted", {
    description:
      "Who accepted the result, and when, in the caller's own words; kept and given back as they are",
    example: { by: "reader-7", at: "2026-11-25T09:44:35Z" },
  });

export const DriftDocument = z.object({
  value: z.number().openapi({
    description:
      "Distance to the first reference over what is to be expected; about 1 where nothing moved",
  }),
  warning: z.string().nullable(),
}).openapi("Drift", { example: { value: 0.9, warning: null } });

import { z } from "@hono/zod-openapi";

/** An answer with a JSON body. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** Bytes in a body, for the OpenAPI document only. */
export const binary = { schema: { type: "string" as const, format: "binary" } };

export const ImageSize = z.object({ width: z.int(), height: z.int() })
  .openapi("ImageSize", { example: { width: 384, height: 384 } });

export const MODEL = { id: "nano", digest: "93".repeat(32) };
export const ModelName = z.object({ id: z.string(), digest: z.string() })
  .openapi("ModelName", { example: MODEL });

/** A header of an answer, for the OpenAPI document. */
export const header = (description: string) => ({
  description,
  schema: { type: "string" as const },
});

/** Whether an If-None-Match header names an entity tag (RFC 9110, section 13.1.2: a list, or `*`; weak comparison). */
export function matchesEtag(value: string | undefined, etag: string): boolean {
  const tags = (value ?? "").split(",").map((tag) =>
    tag.trim().replace(/^W\//, "")
  );
  return tags.includes(etag) || tags.includes("*");
}

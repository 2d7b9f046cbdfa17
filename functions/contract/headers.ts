/** A header of an answer, for the OpenAPI document. */
export const header = (description: string) => ({
  description,
  schema: { type: "string" as const },
});

/**
 * Whether an If-None-Match header names an entity tag (RFC 9110, section 13.1.2: a list, or `*`; weak
 * comparison).
 */
export function matchesEtag(value: string | undefined, etag: string): boolean {
  const tags = (value ?? "").split(",").map((tag) =>
    tag.trim().replace(/^W\//, "")
  );
  return tags.includes(etag) || tags.includes("*");
}

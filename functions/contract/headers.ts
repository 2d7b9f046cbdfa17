/**
 * Whether an If-None-Match header names an entity tag (RFC 9110, section 13.1.2: a list, or `*`; weak
 * comparison).
 */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  const tags = (header ?? "").split(",").map((tag) =>
    tag.trim().replace(/^W\//, "")
  );
  return tags.includes(etag) || tags.includes("*");
}

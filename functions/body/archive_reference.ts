import type { Context } from "hono";
import { ArchiveReference } from "../contract/archive.ts";
import { invalid } from "../contract/problems.ts";
import type { ArchivedFile, Env } from "../router.ts";

/** A file of the image archive, and which of its frames is meant. */
export type ReferredFile = ArchivedFile & { frame?: number };

/**
 * Reads the file that a value of JSON refers to.
 *
 * @param place of the value in the request: `body.image`.
 * @throws EdgeError `validation` for what is no reference, and what {@linkcode Archive} throws.
 */
export async function readReferred(
  c: Context<Env>,
  value: unknown,
  place: string,
): Promise<ReferredFile> {
  const at = `${place}.dicomweb`;
  const parsed = ArchiveReference.safeParse(value);
  if (!parsed.success) throw invalid(at, parsed.error.issues);
  const { frame, ...reference } = parsed.data;
  const read = c.get("readArchived");
  if (read === undefined) throw new Error("No middleware reads the archive.");
  const file = await read(reference, at);
  return frame === undefined ? file : { ...file, frame };
}

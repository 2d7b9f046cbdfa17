import type { Reference } from "../../lib/store/profiles/reference.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import type { Services } from "../services.ts";

/**
 * Refuses references beyond the limit of a patient: every one is compared with every image.
 *
 * @param names the references to be stored.
 * @throws EdgeError `limit-reached`.
 */
export async function requireReferenceQuota(
  { profiles, maxReferences }: Pick<Services, "profiles" | "maxReferences">,
  tenant: string,
  patient: string,
  names: string[],
): Promise<void> {
  const nameOf = ({ reference }: Reference) => reference;
  const held = (await profiles.list(tenant, patient)).map(nameOf);
  if (new Set([...held, ...names]).size <= maxReferences) return;
  if (names.every((name) => held.includes(name))) return;
  throw new EdgeError(
    "limit-reached",
    `Patient "${patient}" has ${held.length} references, and may have ${maxReferences}; ` +
      "replace or erase one.",
  );
}

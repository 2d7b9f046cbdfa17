import type { Bytes } from "../../lib/core/bytes.ts";
import type { ServedModel } from "../../lib/engine/catalogue.ts";
import type { Work } from "../../lib/engine/work.ts";
import { DRIFT_LIMIT } from "../../lib/pipeline/drift.ts";
import type { Drift, Reference } from "../../lib/store/profiles/reference.ts";
import type { Services } from "../services.ts";
import { oldestFirst } from "./choose_references.ts";

/**
 * How far an accepted result lies from the first reference that a person annotated; null where there is none
 * of this model.
 *
 * @param accepted the profile file of the result; the reference before it is its record.
 */
export async function measureDrift(
  { profiles }: Services,
  { manifest, engineFor }: ServedModel,
  work: Work,
  { patient, label, reference }: Reference,
  accepted: Bytes,
): Promise<Drift | null> {
  const model = manifest.digest;
  const found = await profiles.profile(work.tenant, patient, label, { model });
  const annotated = (found?.enrolled ?? []).filter(({ reference: other }) =>
    other.accepted === undefined && other.reference !== reference
  );
  const [first, ...others] = oldestFirst(annotated)
    .map(({ profile }) => profile);
  if (first === undefined) return null;
  const value = await engineFor(work).measureDrift(first, others, accepted);
  return { value, warning: value > DRIFT_LIMIT ? warn(value) : null };
}

function warn(value: number): string {
  return "What was accepted looks unlike the first reference: " +
    `${value.toFixed(1)} times as far from it as its own parts vary. ` +
    "Check that it is the same structure; if it is not, restore an earlier revision.";
}

import type { ServedModel } from "../../lib/engine/catalogue.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import type { Enrolled } from "../../lib/store/profiles/reference.ts";
import type { Services } from "../services.ts";

/** The references that a structure is searched with. */
export interface ProfileInUse {
  /** Of the label's references: 1, 2, 3, … */
  revision: number;
  /** At least one, in order of name. */
  enrolled: Enrolled[];
}

/**
 * The references of a patient's structure that the chosen model made.
 *
 * @param revision the newest where it is left out.
 * @throws EdgeError `not-found` for an unknown patient, label or revision; `model-mismatch` when every
 * reference was made by another model.
 */
export async function findProfile(
  { profiles, models }: Services,
  { manifest }: ServedModel,
  { tenant, patient, label, revision: wanted }: {
    tenant: string;
    patient: string;
    label: string;
    revision?: number | undefined;
  },
): Promise<ProfileInUse> {
  const model = manifest.digest;
  const which = wanted === undefined ? { model } : { revision: wanted, model };
  const found = await profiles.profile(tenant, patient, label, which);
  if (found === null) {
    const kept = await profiles.revisions(tenant, patient);
    throw new EdgeError(
      "not-found",
      kept === null
        ? `There is no patient "${patient}"; enrol a reference first.`
        : kept.has(label)
        ? `Patient "${patient}" has no revision ${wanted} of "${label}"; old revisions are dropped.`
        : `Patient "${patient}" has no reference labelled "${label}"; enrol one first.`,
    );
  }
  const { revision: { revision, references }, enrolled } = found;
  if (enrolled.length > 0) return { revision, enrolled };
  const makers = new Set(references.map(({ model }) => models.nameOf(model)));
  makers.delete(models.nameOf(model));
  if (makers.size === 0) {
    throw new EdgeError(
      "not-found",
      `Patient "${patient}" no longer has a reference labelled "${label}"; enrol one first.`,
    );
  }
  const named = [...makers].join(" and ");
  throw new EdgeError(
    "model-mismatch",
    `The references of patient "${patient}" labelled "${label}" were made by ` +
      `${named}, not by "${manifest.id}", which was asked for; ` +
      "choose the model that made them, or enrol the annotated image again.",
  );
}

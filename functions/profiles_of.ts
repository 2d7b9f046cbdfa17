import type { ServedModel } from "../lib/engine/catalogue.ts";
import { EdgeError } from "../lib/errors.ts";
import type { Enrolled } from "../lib/store/types.ts";
import type { Services } from "./services.ts";

/**
 * The references of a patient's structure that the chosen model made, in order of name.
 *
 * @throws EdgeError `not-found` for an unknown patient or label; `model-mismatch` when every reference
 * was made by another model.
 */
export async function profilesOf(
  { profiles, models }: Services,
  { manifest }: ServedModel,
  { tenant, patient, label }: {
    tenant: string;
    patient: string;
    label: string;
  },
): Promise<Enrolled[]> {
  const all = await profiles.list(tenant, patient);
  if (all.length === 0) {
    throw new EdgeError(
      "not-found",
      `There is no patient "${patient}"; enrol a reference first.`,
    );
  }
  const labelled = all.filter((reference) => reference.label === label);
  if (labelled.length === 0) {
    throw new EdgeError(
      "not-found",
      `Patient "${patient}" has no reference labelled "${label}"; enrol one first.`,
    );
  }
  const current = labelled.filter((reference) =>
    reference.model === manifest.digest
  );
  if (current.length === 0) {
    const makers = new Set(labelled.map(({ model }) => models.nameOf(model)));
    throw new EdgeError(
      "model-mismatch",
      `The references of patient "${patient}" labelled "${label}" were made by ` +
        `${
          [...makers].join(" and ")
        }, not by "${manifest.id}", which was asked; ` +
        "choose the model that made them, or enrol the annotated image again.",
    );
  }
  const enrolled: Enrolled[] = [];
  for (const { reference } of current) {
    const found = await profiles.get(tenant, patient, reference);
    // It may have been erased or replaced since it was listed.
    if (found?.reference.label !== label) continue;
    if (found.reference.model === manifest.digest) enrolled.push(found);
  }
  if (enrolled.length > 0) return enrolled;
  throw new EdgeError(
    "not-found",
    `Patient "${patient}" has no reference labelled "${label}" any more; enrol one first.`,
  );
}

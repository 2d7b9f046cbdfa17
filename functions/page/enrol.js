import { enrol, eraseReference, isCancelled, maskFile } from "./api.js";
import { withBusyBar } from "./busy_bar.js";
import { originalOf } from "./mask_origin.js";
import { patient, randomCode } from "./session.js";
import { referenceNames, structureOf } from "./structures.js";

/** @import { Accepted, Schemas } from "./api.js" */
/** @import { Item } from "./item.js" */
/** @import { Mask } from "./mask.js" */

/** A name that no reference has, nor had, here or elsewhere: the server keeps earlier revisions under their names, and
 * another window may enrol at the same time. */
export function newReference() {
  const numbers = referenceNames().map((name) => parseInt(name.slice(4)) || 0);
  return `ref-${Math.max(0, ...numbers) + 1}-${randomCode(5)}`;
}

/** Notes that the server has made a reference of an item.
 * @param {Item} item @param {Schemas["EnrolledReference"]} enrolled
 * @param {boolean} [isShown] whether the item still has the outline that was enrolled */
export function noteEnrolled(item, enrolled, isShown = true) {
  const { label, reference, report, mask, warnings, createdAt } = enrolled;
  const finding = isShown && item.findingOf(label);
  if (finding) {
    Object.assign(finding, {
      reference,
      report,
      reading: mask,
      doubts: warnings.map(({ detail }) => detail),
      enrolledAt: createdAt,
    });
  }
  const { references } = structureOf(label);
  const at = references.findIndex((one) => one.reference === reference);
  if (at < 0) references.push(enrolled);
  else references[at] = enrolled;
}

/** Enrols an item and its mask as a reference of a structure.
 * @param {Item} item @param {Mask} mask @param {string} label
 * @param {{accepted?: Accepted, reference?: string}} [options] `accepted` when the mask is a result that was accepted;
 * `reference` names the one that is replaced */
export async function enrolItem(item, mask, label, options = {}) {
  const { accepted, reference = newReference() } = options;
  const { file, frame } = item;
  const outline = () => item.findings.get(label)?.rle;
  const before = outline();
  try {
    const enrolled = await withBusyBar(
      "Enrolling the reference",
      async (signal) => {
        const drawn = async () => ({ mask: maskFile(await mask.toPng()) });
        const annotation = {
          ...originalOf(item, mask) ?? await drawn(),
          file,
          frame,
          label,
          accepted,
        };
        return await enrol(patient(), reference, annotation, signal);
      },
    );
    noteEnrolled(item, enrolled, outline() === before);
    return enrolled;
  } catch (error) {
    // The server may have enrolled it before it noticed that the request was cancelled.
    if (isCancelled(error) && options.reference === undefined) {
      await eraseReference(patient(), reference).catch(() => {});
    }
    throw error;
  }
}

import { enrol, eraseReference, isCancelled, maskFile } from "./api.js";
import { withBusyBar } from "./busy_bar.js";
import { originalOf } from "./mask_file.js";
import { patient } from "./session.js";
import { referenceNames, structureOf } from "./structures.js";

/** @import { Accepted } from "./api.js" */
/** @import { Item } from "./item.js" */
/** @import { Mask } from "./mask.js" */

/** Enrols an item and its mask as a further reference of a structure.
 * @param {Item} item @param {Mask} mask @param {string} label
 * @param {Accepted} [accepted] when the mask is a result that was accepted */
export async function enrolItem(item, mask, label, accepted) {
  const names = referenceNames();
  let number = names.length + 1;
  while (names.includes(`ref-${number}`)) number++;
  const reference = `ref-${number}`;
  const { file, frame } = item;
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
    Object.assign(item.findingOf(label), {
      reference,
      report: enrolled.report,
      reading: enrolled.mask,
      doubts: enrolled.warnings.map(({ detail }) => detail),
    });
    structureOf(label).references.push(enrolled);
    return enrolled;
  } catch (error) {
    // The server may have enrolled it before it noticed that the request was cancelled.
    if (isCancelled(error)) {
      await eraseReference(patient(), reference).catch(() => {});
    }
    throw error;
  }
}

import { enrol, eraseReference, isCancelled, maskFile } from "./api.js";
import { withBusyBar } from "./busy_bar.js";
import { originalOf } from "./mask_file.js";
import { patient, session } from "./session.js";

/** @import { Accepted } from "./api.js" */
/** @import { Item } from "./item.js" */
/** @import { Mask } from "./mask.js" */

/** Enrols an item and its mask as a further reference.
 * @param {Item} item @param {Mask} mask
 * @param {Accepted} [accepted] when the mask is a result that was accepted */
export async function enrolItem(item, mask, accepted) {
  let number = session.references.length + 1;
  while (session.references.includes(`ref-${number}`)) number++;
  const reference = `ref-${number}`;
  const { file, frame } = item;
  const { label } = session;
  try {
    const enrolled = await withBusyBar(
      "Enrolling the reference",
      async (signal) => {
        const drawn = async () => ({ mask: maskFile(await mask.toPng()) });
        const annotation = {
          ...originalOf(mask) ?? await drawn(),
          file,
          frame,
          label,
          accepted,
        };
        return await enrol(patient(), reference, annotation, signal);
      },
    );
    item.report = enrolled.report;
    item.reading = enrolled.mask;
    item.doubts = enrolled.warnings.map(({ detail }) => detail);
    session.references.push(reference);
    return enrolled;
  } catch (error) {
    // The server may have enrolled it before it noticed that the request was cancelled.
    if (isCancelled(error)) {
      await eraseReference(patient(), reference).catch(() => {});
    }
    throw error;
  }
}

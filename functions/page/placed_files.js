import { volumeToFile } from "./api.js";
import { measureOf } from "./records.js";
import { framesOf } from "./stacks.js";

/** @import { Item } from "./item.js" */
/** The form of a file of masks that lie where their images lie. @typedef {"seg" | "rtstruct" | "nifti"} PlacedForm */
/** Images whose masks one file holds. @typedef {{name: string, format: string, items: Item[]}} Placed */

/** What a form is asked for by, and what is added to the name of its file. @type {Record<PlacedForm, [string, string]>} */
const FORMS = {
  seg: ["application/dicom", "_seg.dcm"],
  rtstruct: ["application/dicom; type=rtstruct", "_rtstruct.dcm"],
  nifti: ["application/x-nifti", "_mask.nii.gz"],
};

/** The forms in which masks of images of a format can be written. @param {string} format @returns {PlacedForm[]} */
export const formsOf = (format) =>
  format === "application/dicom"
    ? ["seg", "rtstruct"]
    : format === "application/x-nifti"
    ? ["nifti"]
    : [];

/** How many slices a file of masks has without a result, which is written like "not there"; empty for none.
 * @param {Item[]} items @param {string} label */
export function emptyText(items, label) {
  const files = new Map(items.map((item) => [item.file, framesOf(item)]));
  const all = [...files.values()].reduce((sum, n) => sum + Math.max(1, n), 0);
  const empty = all - items.filter((item) => measureOf(item, label)).length;
  return empty === 0
    ? ""
    : `${empty} of ${all} slices ${
      empty === 1 ? "has" : "have"
    } no result, and would look as if “${label}” were not there`;
}

/** Writes the masks of a structure in images of one volume or series as one file: those that are shown. Receipts come
 * along of those that the model made, unless several models did.
 * @param {Item[]} items @param {string} label @param {PlacedForm} form @param {AbortSignal} signal */
export async function placedFile(items, label, form, signal) {
  const files = [...new Set(items.map(({ file }) => file))];
  const measures = items.flatMap((item) => {
    const measure = measureOf(item, label);
    return measure === null ? [] : [{ item, ...measure }];
  });
  const receipts = measures.map(({ kind, finding }) =>
    kind === "found" ? finding.answer?.receipt : undefined
  );
  const models = new Set(receipts.flatMap((one) => one?.model.digest ?? []));
  const masks = measures.map(({ item, finding: { rle } }, i) => ({
    image: files.indexOf(item.file),
    frame: item.frame,
    rle,
    ...(models.size === 1 && receipts[i] && { receipt: receipts[i] }),
  }));
  const [type, ending] = FORMS[form];
  const bytes = await volumeToFile(files, masks, label, type, signal);
  return { bytes, ending };
}

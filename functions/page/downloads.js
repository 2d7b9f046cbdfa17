import { maskToFile } from "./api.js";
import { areaRows } from "./areas_table.js";
import { withBusyBar } from "./busy_bar.js";
import { csvOf } from "./csv.js";
import { showText } from "./dom.js";
import { maskInFullSize } from "./full_size.js";
import { showProblem } from "./messages.js";
import { emptyText, placedFile } from "./placed_files.js";
import { session } from "./session.js";
import { stackOf } from "./stacks.js";

/** @import { Mask } from "./mask.js" */
/** @import { PlacedForm } from "./placed_files.js" */

/** Runs a step with the shown mask and the name of its image.
 * @param {(mask: Mask, name: string, signal: AbortSignal) => unknown} step */
async function download(step) {
  const { shown } = session;
  if (shown?.rle == null) return;
  const mask = maskInFullSize(shown, shown.rle);
  showText("save-problem", "");
  try {
    await withBusyBar(
      "Preparing the file",
      async (signal) => await step(mask, shown.name, signal),
    );
  } catch (error) {
    showProblem("save-problem", error);
  }
}

export const savePng = () =>
  download(async (mask, name) =>
    saveFile(await mask.toPng(), `${name}_mask.png`)
  );

export const saveRle = () =>
  download((mask, name) => saveJson(mask.toRle(), `${name}_rle.json`));

export const savePolygons = () =>
  download((mask, name) => {
    const size = [mask.height, mask.width];
    const document = { size, fill: "evenodd", polygons: mask.outline() };
    saveJson(document, `${name}_polygons.json`);
  });

/** Saves the mask in the format of its image: the one that is shown, whatever the references are by now. */
export const saveInSourceFormat = () => {
  const item = session.shown;
  if (item?.rle == null) return;
  const { label } = session;
  const { rle, reference, corrected, answer } = item;
  const receipt = reference || corrected ? undefined : answer?.receipt;
  download(async (_, name, signal) => {
    const file = await maskToFile(item, rle, receipt, label, signal);
    const isDicom = item.format === "application/dicom";
    saveFile(file, name + (isDicom ? "_seg.dcm" : "_mask.nii.gz"));
  });
};

export function saveReceipt() {
  const { answer, name } = session.shown ?? {};
  if (answer) saveJson(answer.receipt, `${name}_receipt.json`);
}

/** Saves the shown structure's masks of the whole volume or series as one file.
 * @param {PlacedForm} form */
export function saveStack(form) {
  const { items, shown, label } = session;
  const stack = shown && stackOf(items, shown);
  if (!stack) return;
  const empty = emptyText(stack.items, label);
  if (empty && !confirm(`${empty}. Save the file all the same?`)) return;
  return download(async (_mask, _name, signal) => {
    const file = await placedFile(stack.items, label, form, signal);
    saveFile(file.bytes, stack.name + file.ending);
  });
}

/** Saves a row for each image and structure. */
export function saveAreas() {
  const text = csvOf(areaRows(session.items));
  saveFile(new Blob([text], { type: "text/csv" }), "areas.csv");
}

/** Hands a file to the browser's downloads. @param {Blob} blob @param {string} name */
export function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {unknown} value @param {string} name */
export function saveJson(value, name) {
  const text = JSON.stringify(value);
  saveFile(new Blob([text], { type: "application/json" }), name);
}

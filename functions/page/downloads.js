import { isCancelled, maskToFile, segmentToFile } from "./api.js";
import { withBusyBar } from "./busy_bar.js";
import { showText } from "./dom.js";
import { Mask } from "./mask.js";
import { explainError } from "./messages.js";
import { saveFile, saveJson, saveTable } from "./save_file.js";
import { patient, session } from "./session.js";

/**
 * Runs a step with the shown mask and the name of its image.
 *
 * @param {(mask: Mask, name: string, signal: AbortSignal) => unknown} step
 */
async function download(step) {
  if (session.shown?.rle == null) return;
  const { rle, name } = session.shown;
  showText("save-problem", "");
  try {
    await withBusyBar(
      "Preparing the file",
      async (signal) => await step(Mask.fromRle(rle), name, signal),
    );
  } catch (error) {
    if (!isCancelled(error)) showText("save-problem", explainError(error));
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

/** Saves the mask in the format of its image. */
export const saveInSourceFormat = () => {
  const item = session.shown;
  if (item === null) return;
  download(async (mask, name, signal) => {
    const { label } = session;
    const file = item.reference || item.corrected
      ? await maskToFile(item, await mask.toPng(), label, signal)
      : await segmentToFile(patient(), label, item, signal);
    const isDicom = item.format === "application/dicom";
    saveFile(file, name + (isDicom ? "_seg.dcm" : "_mask.nii.gz"));
  });
};

export function saveReceipt() {
  const { answer, name } = session.shown ?? {};
  if (answer) saveJson(answer.receipt, `${name}_receipt.json`);
}

export function saveAreas() {
  const head = ["image", "area_px", "kind", "predicted_iou", "distance"];
  const rows = session.items.filter(({ state }) => state === "done").map(
    ({ name, area, reference, corrected, answer }) => {
      const kind = reference
        ? "reference"
        : corrected
        ? "corrected"
        : "segmented";
      const models = kind === "segmented" && answer
        ? [answer.predictedIou, answer.distance ?? ""]
        : ["", ""];
      return [name, area, kind, ...models];
    },
  );
  saveTable([head, ...rows], "areas.csv");
}

import * as api from "./api.js";
import { isCancelled } from "./api.js";
import { explain, html, tell } from "./dom.js";
import { queue } from "./queue.js";
import { Mask } from "./mask.js";
import { edit, enrolItem } from "./outline.js";
import { polygonsOf, save, saveJson, saveTable } from "./save_file.js";
import { busy, notice, patient, say, session, stage } from "./session.js";
import { choose, render } from "./render.js";

/** @typedef {import("./item.js").Item} Item */

export function correct() {
  if (session.shown === null) return;
  const { rle, size } = session.shown;
  edit(
    session.shown,
    rle ? Mask.fromRle(rle) : new Mask(size.width, size.height),
    {
      eyebrow: session.shown.name,
      title: "Correct the outline",
      accept: "Keep the correction",
      reject: "Discard",
    },
  );
}

export async function learn() {
  const item = session.shown;
  if (item?.rle == null) return;
  tell("result-problem", "");
  try {
    const accepted = { at: new Date().toISOString() };
    const { revision, drift } = await enrolItem(
      item,
      Mask.fromRle(item.rle),
      accepted,
    );
    item.reference = true;
    render();
    say(
      `It is accepted as another reference (revision ${revision}); images added from now on use it too.`,
    );
    if (drift?.warning) notice(drift.warning);
    html("result-title").focus({ preventScroll: true });
  } catch (error) {
    if (!isCancelled(error)) tell("result-problem", explain(error));
  }
}

export async function removeShown() {
  if (session.shown === null) return;
  const at = session.items.indexOf(session.shown);
  const [removed] = session.items.splice(at, 1);
  removed.tile.element.remove();
  const next = session.items[Math.max(0, at - 1)];
  if (next) await choose(next);
  else {
    session.shown = null;
    stage.show(null, { width: 1, height: 1 });
    render();
  }
}

/** @param {(mask: Mask, name: string, signal: AbortSignal) => unknown} step */
async function download(step) {
  if (session.shown?.rle == null) return;
  const { rle, name } = session.shown;
  tell("save-problem", "");
  try {
    await busy(
      "Preparing the file",
      async (signal) => await step(Mask.fromRle(rle), name, signal),
    );
  } catch (error) {
    if (!isCancelled(error)) tell("save-problem", explain(error));
  }
}

export function saveAreas() {
  const head = ["image", "area_px", "kind", "predicted_iou", "distance"];
  const rows = session.items.filter(({ state }) => state === "done").map(
    (item) => {
      const { name, area, reference, corrected, answer } = item;
      const kind = reference
        ? "reference"
        : corrected
        ? "corrected"
        : "segmented";
      const own = kind === "segmented" && answer
        ? [answer.predictedIou, answer.distance ?? ""]
        : ["", ""];
      return [name, area, kind, ...own];
    },
  );
  saveTable([head, ...rows], "areas.csv");
}

export const savePng = () =>
  download(async (mask, name) => save(await mask.toPng(), `${name}_mask.png`));

export const saveRle = () =>
  download((mask, name) => saveJson(mask.toRle(), `${name}_rle.json`));

export const savePolygons = () =>
  download((mask, name) => saveJson(polygonsOf(mask), `${name}_polygons.json`));

export function saveReceipt() {
  const { answer, name } = session.shown ?? {};
  if (answer) saveJson(answer.receipt, `${name}_receipt.json`);
}

/** The mask in the format of its image. */
export const saveLikeSource = () => {
  const item = session.shown;
  if (item === null) return;
  download(async (mask, name, signal) => {
    const { label } = session;
    const file = item.reference || item.corrected
      ? await api.maskToFile(item, await mask.toPng(), label, signal)
      : await api.segmentToFile(patient(), label, item, signal);
    const isDicom = item.format === "application/dicom";
    save(file, name + (isDicom ? "_seg.dcm" : "_mask.nii.gz"));
  });
};

export function retry() {
  if (session.shown === null) return;
  session.shown.state = "waiting";
  queue([]);
}

export async function erasePatient() {
  if (!confirm("Erase this patient's references from the server?")) return;
  try {
    await api.erase(patient());
    location.reload();
  } catch (error) {
    notice(explain(error));
  }
}

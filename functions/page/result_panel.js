import { changeOf, changeText } from "./areas_table.js";
import { button, html, make, showText } from "./dom.js";
import { saveStack } from "./downloads.js";
import { scalingText } from "./full_size.js";
import { areaText, volumeNote, volumeText } from "./measures.js";
import { explainError } from "./messages.js";
import { formsOf } from "./placed_files.js";
import { measureOf } from "./records.js";
import { reportText } from "./reference_words.js";
import { takesScale } from "./scale.js";
import { session } from "./session.js";
import { stackOf, stackVolume } from "./stacks.js";
import { canOpenMask } from "./stage.js";

/** @import { Item } from "./item.js" */

/** @param {Item} item */
export function renderResult(item) {
  const { state, answer, corrected, reference, error } = item;
  const { items } = session;
  const number = items.indexOf(item) + 1;
  html("result-eyebrow").textContent =
    `Image ${number} of ${items.length} · ${session.label}`;
  html("result-title").textContent = item.name;
  const isDone = state === "done";
  const missing = isDone && item.missing;
  const badge = state === "working" || state === "waiting"
    ? item.activity || "Waiting"
    : reference
    ? "Reference"
    : corrected
    ? "Corrected by hand"
    : missing
    ? "Not found in this image"
    : "";
  showText("result-badge", badge);
  const reason = missing ? answer?.reason ?? "" : "";
  showText("result-note", reference ? reportText(item) : reason);
  const doubts = reference
    ? item.doubts
    : (answer?.warnings ?? []).map(({ detail }) => detail);
  const texts = [scalingText(item), ...doubts].filter((text) => text !== "");
  showText("result-warnings", texts.join(" "));
  const problem = state === "failed"
    ? explainError(error)
    : state === "cancelled"
    ? "The segmentation of this image was cancelled."
    : state === "unasked"
    ? "This structure has not been looked for in this image."
    : "";
  showText("result-problem", problem);
  const isModels = isDone && answer !== null && !corrected && !reference;
  html("facts").replaceChildren(...(isDone ? facts(item, isModels) : []));
  html("facts-note").hidden = !isModels;
  button("retry").hidden = !["failed", "cancelled", "unasked"].includes(state);
  button("correct").hidden = state !== "done" || reference !== "";
  button("correct").className = isModels ? "strong" : "";
  button("open-mask").hidden = !canOpenMask(item) || item.reference !== "";
  button("explain").hidden = !isModels;
  button("save-receipt").hidden = !isModels;
  button("accept-result").hidden = !corrected || reference !== "" ||
    item.area === 0;
  button("remove").hidden = state === "working" || reference !== "";
  renderStack(item);
  button("scale-open").hidden = !isDone || !takesScale(item);
  button("scale-open").textContent = item.scale === null
    ? "Set the scale to measure in mm²"
    : "Change the scale";
  button("save-source").hidden = item.format === "";
  const isDicom = item.format === "application/dicom";
  button("save-source").textContent = isDicom ? "DICOM SEG" : "NIfTI";
}

/** @param {Item} item @param {boolean} isModels whether the result is the model's, uncorrected */
function* facts(item, isModels) {
  const { items, label } = session;
  const measure = measureOf(item, label);
  if (measure === null) return;
  const since = changeText(changeOf(items, item, label));
  const stack = stackOf(items, item);
  const volume = stack ? stackVolume(stack, label) : null;
  const area = measure.missing ? "Not found" : areaText(measure.area);
  yield fact("Area", area, stack ? "" : since);
  if (volume !== null) {
    const notes = [volumeNote(volume), since].filter((note) => note !== "");
    yield fact("Volume", volumeText(volume), notes.join(". "));
  }
  if (!isModels || item.answer === null) return;
  const { predictedIou, distance, points, confidence } = item.answer;
  if (confidence !== null) {
    yield fact("Confidence", `${Math.round(100 * confidence)}%`);
  }
  yield fact("Expected overlap", percentOf(predictedIou));
  if (distance !== null) yield fact("Distance", distance.toFixed(1));
  const inside = points.filter((point) => point.label === 1).length;
  yield fact("Points", `${inside} inside, ${points.length - inside} outside`);
}

/** Buttons for the file of all masks of a stack. @param {Item} item */
function renderStack(item) {
  const stack = stackOf(session.items, item);
  html("stack-downloads").hidden = stack === undefined;
  html("stack-forms").replaceChildren(
    ...(stack ? formsOf(item.format) : []).map((form) => {
      const made = make("button", "", FORM_NAMES[form]);
      made.type = "button";
      made.dataset.form = form;
      made.addEventListener("click", () => saveStack(form));
      return made;
    }),
  );
}

/** @type {Record<import("./placed_files.js").PlacedForm, string>} */
const FORM_NAMES = {
  seg: "DICOM SEG",
  rtstruct: "RTSTRUCT",
  nifti: "NIfTI",
};

/** @param {string} term @param {string} value @param {string} note */
function fact(term, value, note = "") {
  const text = [make("strong", "", value), make("span", "", note)];
  return make("div", "", make("dt", "", term), make("dd", "", ...text));
}

/** A predicted IoU as a percentage; the network may leave 0..1. @param {number} predictedIou */
export const percentOf = (predictedIou) =>
  `${Math.round(100 * Math.min(1, Math.max(0, predictedIou)))}%`;

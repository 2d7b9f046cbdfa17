import { decode, isCancelled } from "./api.js";
import { cancelBusy, withBusyBar } from "./busy_bar.js";
import { button, html, input, showText } from "./dom.js";
import { discardDraft, mayLeave, noteDraft } from "./drafts.js";
import { renderEditor, showFrameNumber } from "./editor_panel.js";
import { enrolItem } from "./enrol.js";
import { act } from "./history.js";
import { drawTile } from "./item.js";
import { Mask } from "./mask.js";
import { MaskEditor } from "./mask_editor.js";
import { announce, explainError, showNotice } from "./messages.js";
import { prepare, withEmbedding } from "./prepare.js";
import { otherFrames, queue } from "./queue.js";
import { actOnReferences } from "./references.js";
import { reportText } from "./reference_words.js";
import { changed, render, session, viewer } from "./session.js";
import {
  closeEditor,
  editWith,
  isPrepared,
  openingSignal,
  selectItem,
  showPicture,
} from "./stage.js";
import {
  colourOf,
  dropStructure,
  enrolledStructures,
  structureOf,
} from "./structures.js";

/** @import { Draft, Purpose } from "./drafts.js" */
/** @import { Finding, Item } from "./item.js" */
/** @import { Tool } from "./mask_editor.js" */

/** @type {Record<Tool, string>} */
const HINTS = {
  inside:
    "Click inside the structure. Click again where the outline misses a part of it.",
  outside: "Click where the outline covers more than the structure.",
  box: "Drag a box tightly around the structure.",
  polygon:
    "Click the corners one by one, and the first one again to close the outline. Drag a corner to move it; Delete removes it.",
  brush: "Paint over the structure.",
  eraser: "Erase what does not belong to the structure.",
};

/** What the panel says, by purpose.
 * @type {Record<Purpose, (item: Item) => {eyebrow: string, title: string, accept: string, reject: string}>} */
const WORDS = {
  first: () => ({
    eyebrow: "Step 1 of 2",
    title: "Outline the structure",
    accept: "Use this outline",
    reject: "Choose another image",
  }),
  structure: ({ name }) => ({
    eyebrow: name,
    title: `Outline “${session.label}”`,
    accept: "Use this outline",
    reject: "Discard this outline",
  }),
  correction: ({ name }) => ({
    eyebrow: name,
    title: "Correct the outline",
    accept: "Keep the correction",
    reject: "Discard the correction",
  }),
};

/** @type {(() => void)[]} */ const listeners = [];

/** Calls a listener whenever the editor is opened. @param {() => void} listener */
export const whenEditing = (listener) => listeners.push(listener);

editWith(edit);

/** Opens the editor on an image that is shown, once that is prepared.
 * @param {Item} item @param {Purpose} purpose */
export async function edit(item, purpose) {
  const signal = openingSignal();
  if (!isPrepared(item)) {
    const { label } = session;
    try {
      await withBusyBar(
        "Preparing the image; you can draw on it then",
        (either) => prepare(item, either),
        { until: signal, lost: true },
      );
      await showPicture(item, true, () => !signal.aborted);
      signal.throwIfAborted();
    } catch (error) {
      if (purpose === "structure") dropStructure(label);
      if (!isCancelled(error)) showNotice(explainError(error));
      return render();
    }
  }
  const { rle, size } = item;
  const mask = rle ? Mask.fromRle(rle) : new Mask(size.width, size.height);
  startEditing(item, mask, purpose);
}

/** Opens the outline panel with an editor of a mask, and goes on with what was begun to be drawn on the image.
 * @param {Item} item @param {Mask} mask @param {Purpose} purpose */
export function startEditing(item, mask, purpose) {
  const words = WORDS[purpose](item);
  Object.assign(session, { edited: item, purpose });
  html("outline-eyebrow").textContent = words.eyebrow;
  html("outline-title").textContent = words.title;
  button("accept").textContent = words.accept;
  button("reject").textContent = words.reject;
  showText("outline-problem", "");
  if (purpose === "first") {
    input("frame").max = String(item.frames);
    input("frame").valueAsNumber = item.frame + 1;
    showFrameNumber();
  }
  for (const listener of listeners) listener();
  viewer.colour = colourOf(session.label);
  session.editor = new MaskEditor(viewer, mask, {
    decode: async (prompt, signal) => {
      const decoded = await withBusyBar("Outlining", (cancelled) => {
        const either = AbortSignal.any([signal, cancelled]);
        return withEmbedding(item, either, (id) => decode(id, prompt, either));
      });
      showNotice("", "click");
      return decoded;
    },
    preview: (prompt, signal) =>
      decode(item.embedding, { ...prompt, passes: 1 }, signal),
    changed: () => {
      showText("outline-problem", "");
      renderEditor();
      noteDraft();
      changed(item);
    },
    failed: (error) => showNotice(explainError(error), "click"),
  });
  const { draft } = item;
  const [height, width] = draft?.rle.size ?? [];
  if (draft && height === mask.height && width === mask.width) {
    session.editor.resume(draft);
  } else if (draft) {
    showNotice("What was drawn here has another size than the image.");
  }
  if (session.editor.isOpen) checkTool("polygon");
  useTool();
  render();
  html("outline-title").focus({ preventScroll: true });
}

/** @param {Tool} tool */
export function checkTool(tool) {
  const radio = document.querySelector(`input[name=tool][value=${tool}]`);
  if (radio instanceof HTMLInputElement) radio.checked = true;
}

/** Hands the chosen tool and brush size to the editor. */
export function useTool() {
  const tool = /** @type {Tool} */ (
    document.querySelector("input[name=tool]:checked")?.getAttribute("value")
  );
  session.editor?.use(tool, input("size").valueAsNumber);
  html("tool-hint").textContent = HINTS[tool];
  html("size-row").hidden = tool !== "brush" && tool !== "eraser";
}

/** Settles, and never rejects, when the last enrolment has ended. @type {Promise<void>} */
let enrolling = Promise.resolve();

export async function acceptOutline() {
  const { editor, edited, purpose } = session;
  if (editor === null || edited === null || editor.frozen) return;
  if (editor.isOpen) {
    return showText(
      "outline-problem",
      "The polygon is still open. Close it, or take its corners away with Undo.",
    );
  }
  editor.stop();
  if (purpose === "correction") await acceptCorrection(edited, editor.mask);
  else await enrolOutline(edited, editor);
}

/** @param {Item} item @param {MaskEditor} editor */
async function enrolOutline(item, editor) {
  const { mask } = editor;
  showText("outline-problem", "");
  showText("label-problem", "");
  const typed = () => input("label").value.trim() || "target";
  const label = session.purpose === "first" ? typed() : session.label;
  editor.frozen = true;
  renderEditor();
  try {
    const enrolment = enrolItem(item, mask, label);
    enrolling = enrolment.then(() => {}, () => {});
    const { revision } = await enrolment;
    actOnReferences(label, `the enrolment of ${item.name}`, revision);
  } catch (error) {
    editor.frozen = false;
    renderEditor();
    if (!isCancelled(error)) showRefusal(error);
    return;
  }
  setMask(item, mask, label);
  await afterEnrolment(item, label);
}

/** Goes on from the editor to the results, once structures are enrolled on its image.
 * @param {Item} item @param {string} label of the structure to choose */
export async function afterEnrolment(item, label) {
  closeEditor();
  discardDraft(item);
  session.label = label;
  session.enrolled = true;
  item.overall = "done";
  changed(item);
  await drawTile(item);
  announce(`The outline is enrolled. ${reportText(item)}`);
  const labels = enrolledStructures().map((one) => one.label);
  for (const one of session.items) {
    const isAsked = labels.every((label) => one.stateOf(label) !== "unasked");
    if (!isAsked) one.overall = "waiting";
  }
  await selectItem(item);
  session.following = true;
  // Without a pause from here on, so that every image is in one list or the other whenever they are kept.
  const frames = otherFrames(item);
  passDrafts(item, frames, label);
  const next = [...frames, ...session.later];
  session.later = [];
  queue(next);
  const title = next.length > 0 ? "result-title" : "add-title";
  html(title).focus({ preventScroll: true });
}

/** Hands what was begun to be drawn on other frames of a file to their own images.
 * @param {Item} item @param {Item[]} frames @param {string} label */
function passDrafts(item, frames, label) {
  const { drafts } = item;
  item.drafts = drafts.filter(({ frame }) => frame === item.frame);
  for (const other of frames) {
    const own = drafts.find(({ frame }) => frame === other.frame);
    if (own) other.drafts = [{ ...own, label, purpose: "correction" }];
  }
  changed(item);
}

/** Shows why an outline was refused, beside the label where that is the reason. @param {unknown} error */
function showRefusal(error) {
  const fault = explainError(error, "body.label");
  if (fault) {
    showText("label-problem", fault);
    input("label").focus();
  } else showText("outline-problem", explainError(error));
}

/** @param {Item} item @param {Mask} mask */
async function acceptCorrection(item, mask) {
  discardDraft(item);
  closeEditor();
  const { label } = session;
  const finding = item.findingOf(label);
  const before = { ...finding };
  setMask(item, mask, label);
  // What was enrolled meanwhile is the outline before.
  Object.assign(finding, { reference: "", enrolledAt: "" });
  changed(item);
  actOnFinding(item, before);
  await drawTile(item);
  await selectItem(item);
  button("accept-result").focus();
}

/** Lets a correction be undone. @param {Item} item @param {Partial<Finding> & {label: string}} before */
function actOnFinding(item, before) {
  const { label } = before;
  const after = { ...item.findingOf(label) };
  const set = async (/** @type {Partial<Finding>} */ fields) => {
    if (fields.rle === null) item.findings.delete(label);
    else Object.assign(item.findingOf(label), fields);
    changed(item);
    await drawTile(item);
    if (session.shown === item) await selectItem(item);
  };
  act({
    name: `the correction of ${item.name}`,
    undo: () => set(before),
    redo: () => set(after),
  });
}

/** Gives an image an outline that a person has drawn. @param {Item} item @param {Mask} mask @param {string} label */
function setMask(item, mask, label) {
  const drawn = { rle: mask.toRle(), area: mask.area, corrected: true };
  Object.assign(item.findingOf(label), drawn, { error: null });
  item.overall = "done";
}

/** Lets a drawing that was discarded be had back. @param {Item} item @param {string} label @param {Draft} draft */
function actOnDraft(item, label, draft) {
  const show = (/** @type {() => void} */ step) => {
    structureOf(label);
    session.label = label;
    step();
    changed(item);
    return selectItem(item);
  };
  act({
    name: `discarding the drawing on ${item.name}`,
    undo: () => show(() => item.drafts.push(draft)),
    redo: () => show(() => discardDraft(item)),
  });
}

/** Discards what was drawn.
 * @returns {Promise<boolean>} whether the first image is left with it */
export async function discardOutline() {
  const { edited, editor, purpose, label } = session;
  if (edited === null || editor === null) return false;
  // Enrolment is cancelled without a question; what is discarded otherwise can be had back.
  const asks = purpose === "first" && !editor.frozen;
  editor.end();
  if (asks && !mayLeave(edited)) return false;
  closeEditor();
  const { draft } = edited;
  discardDraft(edited);
  changed(edited);
  if (purpose === "first") {
    cancelBusy();
    await enrolling;
    return true;
  }
  if (draft) actOnDraft(edited, label, draft);
  if (purpose === "structure") dropStructure(label);
  await selectItem(edited);
  button("correct").focus();
  return false;
}

import { decode, isCancelled } from "./api.js";
import { cancelBusy, withBusyBar } from "./busy_bar.js";
import { button, html, input, showText } from "./dom.js";
import { enrolItem } from "./enrol.js";
import { drawTile } from "./item.js";
import { forgetMaskFile } from "./mask_file.js";
import { MaskEditor } from "./mask_editor.js";
import { announce, explainError, showNotice } from "./messages.js";
import { withEmbedding } from "./prepare.js";
import { otherFrames, queue } from "./queue.js";
import {
  closeEditor,
  leaveWorkspace,
  render,
  renderEditor,
  selectItem,
} from "./render.js";
import { reportText } from "./result_panel.js";
import { session, viewer } from "./session.js";

/** @import { Item } from "./item.js" */
/** @import { Mask } from "./mask.js" */
/** @import { Tool } from "./mask_editor.js" */

/** @type {Record<Tool, string>} */
const HINTS = {
  inside:
    "Click inside the structure. Click again where the outline misses a part of it.",
  outside: "Click where the outline covers more than the structure.",
  box: "Drag a box tightly around the structure.",
  polygon:
    "Click the corners one by one. Click the first one again to close the outline.",
  brush: "Paint over the structure.",
  eraser: "Erase what does not belong to the structure.",
};

/** Opens the outline panel with an editor of a mask.
 * @param {Item} item @param {Mask} mask
 * @param {{eyebrow: string, title: string, accept: string, reject: string}} words */
export function startEditing(item, mask, words) {
  html("outline-eyebrow").textContent = words.eyebrow;
  html("outline-title").textContent = words.title;
  button("accept").textContent = words.accept;
  button("reject").textContent = words.reject;
  showText("outline-problem", "");
  forgetMaskFile();
  session.editor = new MaskEditor(viewer, mask, {
    decode: (prompt, signal) =>
      withBusyBar("Outlining", (cancelled) => {
        const either = AbortSignal.any([signal, cancelled]);
        return withEmbedding(item, either, (id) => decode(id, prompt, either));
      }),
    changed: () => {
      showText("outline-problem", "");
      renderEditor();
    },
    failed: (error) => showNotice(explainError(error)),
  });
  useTool();
  render();
  html("outline-title").focus({ preventScroll: true });
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
  const { editor, shown } = session;
  if (editor === null) return;
  if (shown !== null) return await acceptCorrection(shown, editor.mask);
  const [item] = session.items;
  if (session.enrolled || item === undefined) return;
  await enrolOutline(item, editor);
}

/** @param {Item} item @param {MaskEditor} editor */
async function enrolOutline(item, editor) {
  const { mask } = editor;
  showText("outline-problem", "");
  showText("label-problem", "");
  session.label = input("label").value.trim() || "target";
  editor.stop();
  editor.frozen = true;
  renderEditor();
  try {
    const enrolment = enrolItem(item, mask);
    enrolling = enrolment.then(() => {}, () => {});
    await enrolment;
  } catch (error) {
    editor.frozen = false;
    renderEditor();
    if (!isCancelled(error)) showRefusal(error);
    return;
  }
  session.enrolled = true;
  closeEditor();
  setMask(item, mask);
  await drawTile(item);
  announce(`The outline is enrolled. ${reportText(item)}`);
  const next = [...otherFrames(item), ...session.later];
  session.later = [];
  await selectItem(item);
  session.following = true;
  if (next.length > 0) queue(next);
  else render();
  const title = next.length > 0 ? "result-title" : "add-title";
  html(title).focus({ preventScroll: true });
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
  closeEditor();
  setMask(item, mask);
  item.corrected = true;
  await drawTile(item);
  await selectItem(item);
  button("accept-result").focus();
}

/** @param {Item} item @param {Mask} mask */
function setMask(item, mask) {
  item.rle = mask.toRle();
  item.area = mask.area;
  item.state = "done";
}

/** Discards a correction, or goes back to the choice of the first image. */
export async function rejectOutline() {
  if (session.editor === null) return;
  const corrected = session.shown;
  closeEditor();
  if (corrected !== null) {
    await selectItem(corrected);
    button("correct").focus();
    return;
  }
  cancelBusy();
  await enrolling;
  session.items.length = 0;
  session.later = [];
  leaveWorkspace();
  button("open").focus();
}

import * as api from "./api.js";
import { isCancelled } from "./api.js";
import { button, explain, html, input, tell } from "./dom.js";
import { Editor } from "./mask_editor.js";
import { itemOf, otherFrames, queue } from "./queue.js";
import { drawTile, prepare, showPicture, withEmbedding } from "./prepare.js";
import { Mask } from "./mask.js";
import {
  busy,
  lookUpPatient,
  notice,
  patient,
  say,
  session,
  stage,
  stopWaiting,
} from "./session.js";
import {
  choose,
  closeEditor,
  enterWork,
  leaveWork,
  render,
  renderEditor,
  reportText,
} from "./render.js";

/** @typedef {import("./item.js").Item} Item */
/** @typedef {import("./mask_editor.js").Tool} Tool */

/** @type {Record<Tool, string>} */
const HINTS = {
  inside:
    "Click inside the structure. Add clicks where the outline misses a part.",
  outside: "Click what the outline took but does not belong to it.",
  box: "Drag a box tightly around the structure.",
  polygon: "Click the corners one by one; click the first again to close.",
  brush: "Paint over the structure.",
  eraser: "Rub away what does not belong.",
};

/** @param {File[]} files */
export async function openFirst(files) {
  const [first, ...others] = files.map(itemOf);
  session.later = others;
  if (first === undefined || !await lookUpPatient()) return;
  if (session.references.length > 0) {
    enterWork();
    session.enrolled = true;
    session.following = true;
    queue([first, ...session.later.splice(0)]);
    return;
  }
  first.reference = true;
  await outlineReference(first);
}

/** @param {Item} item @param {Mask | null} [known] an outline to begin with */
export async function outlineReference(item, known = null) {
  tell("start-problem", "");
  enterWork();
  let preparing = true;
  const early = () => showPicture(item, false, () => preparing);
  try {
    await busy(
      "Preparing the image",
      (signal) => prepare(item, signal, early),
    );
  } catch (error) {
    leaveWork();
    if (!isCancelled(error)) tell("start-problem", explain(error));
    button("open").focus();
    return;
  } finally {
    preparing = false;
  }
  session.items.push(item);
  input("frame").max = String(item.frames);
  input("frame").valueAsNumber = item.frame + 1;
  showFrameNumber();
  await showPicture(item, true);
  edit(item, known ?? new Mask(item.size.width, item.size.height), {
    eyebrow: "Step 1 of 2",
    title: "Mark the structure",
    accept: "Use this outline",
    reject: "Choose another image",
  });
}

export function showFrameNumber() {
  const { value, max } = input("frame");
  html("frame-number").textContent = `${value} of ${max}`;
}

/** Outlines another frame of the first image instead. */
export async function openFrame() {
  closeEditor();
  const [item] = session.items.splice(0);
  item.frame = input("frame").valueAsNumber - 1;
  item.source = null;
  await outlineReference(item);
  input("frame").focus();
}

/** @param {Item} item @param {Mask} mask @param {{eyebrow: string, title: string, accept: string, reject: string}} words */
export function edit(item, mask, words) {
  html("outline-eyebrow").textContent = words.eyebrow;
  html("outline-title").textContent = words.title;
  button("accept").textContent = words.accept;
  button("reject").textContent = words.reject;
  tell("outline-problem", "");
  session.editor = new Editor(stage, mask, {
    decode: ({ points, box, mask }, signal) =>
      busy("Outlining", (cancelled) => {
        const either = AbortSignal.any([signal, cancelled]);
        return withEmbedding(
          item,
          either,
          (embedding) => api.decode({ embedding, points, box, mask }, either),
        );
      }),
    changed: () => {
      tell("outline-problem", "");
      renderEditor();
    },
    failed: (error) => notice(explain(error)),
  });
  useTool();
  render();
  html("outline-title").focus({ preventScroll: true });
}

export function useTool() {
  const tool = /** @type {Tool} */ (
    document.querySelector("input[name=tool]:checked")?.getAttribute("value")
  );
  session.editor?.use(tool, input("size").valueAsNumber);
  html("tool-hint").textContent = HINTS[tool];
  html("size-row").hidden = tool !== "brush" && tool !== "eraser";
}

/** Until the last enrolment has ended, well or not. @type {Promise<void>} */
let enrolling = Promise.resolve();

export async function acceptOutline() {
  if (session.editor === null || session.shown === null && session.enrolled) {
    return;
  }
  const { editor } = session;
  const { mask } = editor;
  if (session.shown !== null) return acceptCorrection(session.shown, mask);
  const [item] = session.items;
  tell("outline-problem", "");
  tell("label-problem", "");
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
    if (isCancelled(error)) return;
    const fault = explain(error, "body.label");
    if (fault) {
      tell("label-problem", fault);
      input("label").focus();
    } else tell("outline-problem", explain(error));
    return;
  }
  session.enrolled = true;
  closeEditor();
  keep(item, mask);
  await drawTile(item);
  say(`The outline is enrolled. ${reportText(item)}`);
  const waitingItems = [...otherFrames(item), ...session.later];
  session.later = [];
  await choose(item);
  session.following = true;
  if (waitingItems.length > 0) {
    queue(waitingItems);
    html("result-title").focus({ preventScroll: true });
  } else {
    render();
    html("add-title").focus({ preventScroll: true });
  }
}

/** @param {Item} item @param {Mask} mask @param {{at: string}} [accepted] where the mask is a result that was accepted */
export async function enrolItem(item, mask, accepted) {
  let number = session.references.length + 1;
  while (session.references.includes(`ref-${number}`)) number++;
  const reference = `ref-${number}`;
  try {
    const made = await busy(
      "Learning the structure",
      async (signal) => {
        const png = await mask.toPng();
        const { file, frame } = item;
        const annotation = {
          file,
          frame,
          mask: png,
          label: session.label,
          accepted,
        };
        return await api.enrol(patient(), reference, annotation, signal);
      },
    );
    item.report = made.report;
    session.references.push(reference);
    return made;
  } catch (error) {
    // The server may have kept it before it heard of the end.
    if (isCancelled(error)) {
      await api.forget(patient(), reference).catch(() => {});
    }
    throw error;
  }
}

/** @param {Item} item @param {Mask} mask */
function keep(item, mask) {
  item.rle = mask.toRle();
  item.area = mask.area;
  item.state = "done";
}

export async function rejectOutline() {
  if (session.editor === null) return;
  const corrected = session.shown;
  closeEditor();
  if (corrected !== null) {
    await choose(corrected);
    button("correct").focus();
    return;
  }
  stopWaiting();
  await enrolling;
  session.items.length = 0;
  session.later = [];
  leaveWork();
  button("open").focus();
}

/** @param {Item} item @param {Mask} mask */
async function acceptCorrection(item, mask) {
  closeEditor();
  keep(item, mask);
  item.corrected = true;
  await drawTile(item);
  await choose(item);
  button("learn").focus();
}

import { button, input } from "./dom.js";
import {
  closeExplanation,
  explainShown,
  saveExplanation,
} from "./explanation.js";
import { addImages, cancelSegmenting, inOrder, itemOf } from "./queue.js";
import {
  acceptOutline,
  openFirst,
  openFrame,
  rejectOutline,
  showFrameNumber,
  useTool,
} from "./outline.js";
import {
  correct,
  erasePatient,
  learn,
  removeShown,
  retry,
  saveAreas,
  saveLikeSource,
  savePng,
  savePolygons,
  saveReceipt,
  saveRle,
} from "./results.js";
import { openSample } from "./sample_patient.js";
import {
  isOpening,
  isWaiting,
  lookUpPatient,
  notice,
  opened,
  randomPatient,
  session,
  stage,
  stopWaiting,
} from "./session.js";

const files = input("files");
/** @param {FileList | null | undefined} list */
function take(list) {
  const chosen = inOrder(list ?? []);
  if (chosen.length === 0) return;
  if (session.enrolled) addImages(chosen);
  else if (session.editor === null && !isWaiting() && !isOpening()) {
    opened(() => openFirst(chosen));
  } else session.later.push(...chosen.map(itemOf));
}
files.addEventListener("change", () => {
  take(files.files);
  files.value = "";
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) document.body.classList.remove("dragging");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  take(event.dataTransfer?.files);
});

/** @type {Record<string, () => unknown>} */
const clicks = {
  "open": () => files.click(),
  "add-open": () => files.click(),
  "film-add": () => files.click(),
  "sample": () => opened(openSample),
  "undo": () => session.editor?.undo(),
  "redo": () => session.editor?.redo(),
  "clear": () => session.editor?.clear(),
  "accept": acceptOutline,
  "reject": rejectOutline,
  "retry": retry,
  "correct": correct,
  "explain": explainShown,
  "explanation-save": saveExplanation,
  "explanation-close": closeExplanation,
  "learn": learn,
  "remove": removeShown,
  "busy-cancel": stopWaiting,
  "film-cancel": cancelSegmenting,
  "notice-close": () => notice(""),
  "zoom-in": () => stage.zoom(1.4),
  "zoom-out": () => stage.zoom(1 / 1.4),
  "zoom-fit": () => stage.fit(),
  "bare": () => {
    stage.bare = !stage.bare;
    button("bare").setAttribute("aria-pressed", String(stage.bare));
    stage.redraw();
  },
  "save-png": savePng,
  "save-rle": saveRle,
  "save-polygons": savePolygons,
  "save-source": saveLikeSource,
  "save-receipt": saveReceipt,
  "save-table": saveAreas,
  "erase": erasePatient,
};
for (const [id, act] of Object.entries(clicks)) {
  button(id).addEventListener("click", act);
}
for (const radio of document.querySelectorAll("input[name=tool]")) {
  radio.addEventListener("change", useTool);
}
input("size").addEventListener("input", useTool);
input("frame").addEventListener("input", showFrameNumber);
input("frame").addEventListener("change", openFrame);
input("patient").addEventListener("change", lookUpPatient);

/** @type {Record<string, string>} */
const TOOL_KEYS = {
  i: "inside",
  o: "outside",
  x: "box",
  p: "polygon",
  b: "brush",
  e: "eraser",
};
addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement &&
    event.target.type !== "radio";
  if (typing) return;
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "z") {
    event.preventDefault();
    if (event.shiftKey) session.editor?.redo();
    else session.editor?.undo();
  } else if (event.ctrlKey || event.metaKey || event.altKey) return;
  else if (key === "escape") session.editor?.stop();
  // Single characters act on the image alone: speech input types them elsewhere (WCAG 2.1.4).
  else if (event.target !== stage.canvas) return;
  else if (key === "h") button("bare").click();
  else if (session.editor && TOOL_KEYS[key]) {
    const radio = document.querySelector(
      `input[name=tool][value=${TOOL_KEYS[key]}]`,
    );
    if (radio instanceof HTMLInputElement) radio.checked = true;
    useTool();
  } else if (session.editor && (key === "[" || key === "]")) {
    input("size").valueAsNumber += key === "]" ? 5 : -5;
    useTool();
  }
});

input("patient").value = randomPatient();
document.documentElement.dataset.ready = String(performance.now());

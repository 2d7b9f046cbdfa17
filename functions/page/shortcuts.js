import { button, byId, html, input } from "./dom.js";
import { closeDisplay } from "./display.js";
import { showNeighbour } from "./film_keys.js";
import { stepBack } from "./results.js";
import { checkTool, useTool } from "./outline.js";
import { session, viewer } from "./session.js";

/** @import { Tool } from "./mask_editor.js" */

/** @type {Record<string, Tool>} */
const TOOL_KEYS = {
  i: "inside",
  o: "outside",
  x: "box",
  p: "polygon",
  b: "brush",
  e: "eraser",
};

const list = byId("shortcuts", HTMLDialogElement);
button("shortcuts-open").addEventListener("click", () => list.showModal());
button("shortcuts-all").addEventListener("click", () => list.showModal());
button("shortcuts-close").addEventListener("click", () => list.close());

/** Whether a key types there. @param {EventTarget | null} target */
const isField = (target) =>
  target instanceof HTMLInputElement &&
    !["radio", "range", "checkbox"].includes(target.type) ||
  target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;

/** Keys of the image alone. Speech input types single letters elsewhere (WCAG 2.1.4).
 * @param {string} key in lower case @returns {boolean} whether it is one */
function actOnImage(key) {
  const { editor } = session;
  const tool = TOOL_KEYS[key];
  if (key === "h") button("hide-outline").click();
  else if (key === "pageup") showNeighbour(-1);
  else if (key === "pagedown") showNeighbour(1);
  else if (editor === null) {
    if (key === "arrowleft") showNeighbour(-1);
    else if (key === "arrowright") showNeighbour(1);
    else return false;
  } else if (tool) {
    checkTool(tool);
    useTool();
  } else if (key === "[" || key === "]") {
    input("size").valueAsNumber += key === "]" ? 5 : -5;
    useTool();
  } else if (key === "backspace" || key === "delete") editor.removeCorner();
  else return false;
  return true;
}

addEventListener("keydown", (event) => {
  const { target, defaultPrevented } = event;
  const isCovered = document.querySelector("dialog[open]") !== null;
  if (isField(target) || isCovered || defaultPrevented) return;
  const key = event.key.toLowerCase();
  const { editor } = session;
  if ((event.ctrlKey || event.metaKey) && key === "z") {
    const way = event.shiftKey ? "redo" : "undo";
    if (editor) editor[way]();
    else stepBack(way);
  } else if (event.ctrlKey || event.metaKey || event.altKey) return;
  else if (key === "escape") {
    if (!closeDisplay()) editor?.escape();
  } else if (key === "?" && !html("work").hidden) list.showModal();
  else if (target !== viewer.canvas || !actOnImage(key)) return;
  event.preventDefault();
});

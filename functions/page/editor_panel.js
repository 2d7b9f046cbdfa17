import { button, html, input } from "./dom.js";
import { session } from "./session.js";

export function showFrameNumber() {
  const { value, max } = input("frame");
  html("frame-number").textContent = `${value} of ${max}`;
}

/** Brings the buttons of the editor up to date with it. */
export function renderEditor() {
  if (session.editor === null) return;
  button("undo").disabled = !session.editor.canUndo;
  button("redo").disabled = !session.editor.canRedo;
  const { empty, busy, frozen, isOpen } = session.editor;
  html("polygon-row").hidden = !isOpen;
  button("polygon-close").disabled = !session.editor.canClose;
  button("clear").disabled = empty || frozen;
  button("accept").disabled = empty || frozen || busy;
}

import { button } from "./dom.js";
import { fillHoles, keepLargest, smooth } from "./mask_shape.js";
import { announce } from "./messages.js";
import { session } from "./session.js";

/** What each button does, and what it says when that changes nothing. */
const EDITS = {
  "keep-largest": { edit: keepLargest, vain: "There is only one piece." },
  "fill-holes": { edit: fillHoles, vain: "There are no holes." },
  "smooth": { edit: smooth, vain: "There is nothing to smooth." },
};

for (const [id, { edit, vain }] of Object.entries(EDITS)) {
  button(id).addEventListener("click", () => {
    const { editor } = session;
    if (editor === null) return;
    const before = editor.area;
    const isChanged = editor.reshape(edit);
    const change = (editor.area - before).toLocaleString("en", {
      signDisplay: "exceptZero",
    });
    announce(isChanged ? `The area changed by ${change} pixels.` : vain);
  });
}

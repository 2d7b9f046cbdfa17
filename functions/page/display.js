import { button, html, input } from "./dom.js";
import { AS_IT_IS } from "./picture.js";
import { viewer } from "./session.js";

/** @type {(keyof typeof AS_IT_IS)[]} */
const TONES = ["window", "level", "brightness"];

/** Shows the picture and the masks as the controls say. The model is sent the file as it is. */
function show() {
  const value = (/** @type {string} */ id) => input(id).valueAsNumber;
  for (const name of TONES) viewer.tone[name] = value(name);
  const chosen = document.querySelector("input[name=look]:checked");
  const look = chosen instanceof HTMLInputElement ? chosen.value : "both";
  viewer.look = {
    lines: look !== "fill",
    filled: look !== "outline",
    opacity: value("opacity") / 100,
  };
  input("opacity").disabled = look === "outline";
  const isChanged = TONES.some((name) => viewer.tone[name] !== AS_IT_IS[name]);
  button("tone-reset").disabled = !isChanged;
  button("display-open").classList.toggle("changed", isChanged);
  button("display-open").title = isChanged
    ? "The picture is shown with another window or brightness"
    : "Window, brightness and mask";
  html("display-note").hidden = !isChanged;
  viewer.redraw();
}

function reset() {
  for (const name of TONES) input(name).valueAsNumber = AS_IT_IS[name];
  show();
}

/** @param {boolean} open */
function toggle(open) {
  html("display").hidden = !open;
  button("display-open").ariaExpanded = String(open);
}

/** Closes the controls; false where they were closed. */
export function closeDisplay() {
  if (html("display").hidden) return false;
  if (html("display").contains(document.activeElement)) {
    button("display-open").focus();
  }
  toggle(false);
  return true;
}

button("display-open").addEventListener(
  "click",
  () => toggle(html("display").hidden !== false),
);
button("tone-reset").addEventListener("click", reset);
html("display").addEventListener("input", show);

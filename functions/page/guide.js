import { button, html } from "./dom.js";
import { patient, session } from "./session.js";

/** Where the browser keeps the id of the sample patient that it shows around with, or `OVER`. */
const KEY = "guide";
const OVER = "over";

/** Hints of a first visit, which the sample patient is shown around with. */
const STEPS = ["guide-open", "guide-outline", "guide-results"];

/** Goes on with the sample patient that has just been opened. */
export function beginGuide() {
  if (kept() !== OVER) keep(patient());
}

/** Shows the hint of the step that the user is at. */
export function renderGuide() {
  const step = currentStep();
  for (const id of STEPS) html(id).hidden = id !== step;
}

function currentStep() {
  const guided = kept();
  if (guided === OVER) return "";
  if (!html("start").hidden) {
    return html("kept").childElementCount > 0 ? "" : "guide-open";
  }
  if (guided !== patient()) return "";
  if (session.editor) return session.purpose === "first" ? "guide-outline" : "";
  return session.enrolled ? "guide-results" : "";
}

function kept() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return OVER;
  }
}

/** @param {string} value */
function keep(value) {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // Then nobody is guided.
  }
}

for (const id of STEPS) {
  button(`${id}-end`).addEventListener("click", () => {
    keep(OVER);
    renderGuide();
  });
}

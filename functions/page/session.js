import { button, byId, explain, html, input, tell } from "./dom.js";
import { referencesOf } from "./api.js";
import { Stage } from "./viewer.js";

/** @typedef {import("./item.js").Item} Item */

/** Waits longer than this are shown, milliseconds. */
const SOON = 400;

export const stage = new Stage(byId("stage", HTMLCanvasElement));

/** What the page knows of the patient at hand. */
export const session = {
  /** The reference first. @type {Item[]} */
  items: [],
  /** @type {Item | null} */
  shown: null,
  /** @type {import("./mask_editor.js").Editor | null} */
  editor: null,
  enrolled: false,
  /** Whether each new result is shown as it comes; until somebody picks one. */
  following: true,
  /** Name of the structure. */
  label: "target",
  /** Names of the references that the server has. @type {string[]} */
  references: [],
  /** Whether images are being segmented. */
  segmenting: false,
  /** Images that wait for the first outline. @type {Item[]} */
  later: [],
};

/** What the busy bar's cancel button ends. @type {AbortController | null} */
let waiting = null;

export const isWaiting = () => waiting !== null;
export const stopWaiting = () => waiting?.abort();

/** Whether the first image is on its way. */
let opening = false;

export const isOpening = () => opening;

/** Runs what opens the first image, unless that is being done already. @param {() => Promise<void>} step */
export async function opened(step) {
  if (opening) return;
  opening = true;
  try {
    await step();
  } finally {
    opening = false;
  }
}

export const patient = () => input("patient").value.trim();

export function randomPatient() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  return "p-" +
    Array.from(bytes, (byte) => letters[byte % letters.length]).join("");
}

/** A patient of whom the server has references needs no new outline. */
export async function lookUpPatient() {
  tell("patient-problem", "");
  if (patient() === "") input("patient").value = randomPatient();
  try {
    const known = await referencesOf(patient());
    session.references = known.map(({ reference }) => reference);
    html("patient-hint").textContent = known.length === 0
      ? "A random code. Type your own to go on with a patient; never a name."
      : `Known: ${
        known.map((one) => `${one.reference} (${one.label})`).join(", ")
      }. ` +
        "Open the next images right away.";
    if (known.length > 0) session.label = known[0].label;
    button("open").textContent = known.length === 0
      ? "Open the first image"
      : "Open the next images";
    return true;
  } catch (error) {
    const fault = explain(error, "path.patient");
    tell("patient-problem", fault || explain(error));
    input("patient").focus();
    return false;
  }
}

/** Runs a step with the busy bar and its cancel button. @template T @param {string} text @param {(signal: AbortSignal) => Promise<T>} step @returns {Promise<T>} */
export async function busy(text, step) {
  waiting?.abort();
  const mine = new AbortController();
  waiting = mine;
  html("busy-text").textContent = text;
  const timer = setTimeout(() => html("busy").hidden = false, SOON);
  try {
    return await step(mine.signal);
  } finally {
    clearTimeout(timer);
    if (waiting === mine) {
      waiting = null;
      html("busy").hidden = true;
    }
  }
}

/** @param {string} text */
export function say(text) {
  html("status").textContent = text;
}

/** @param {string} text */
export function notice(text) {
  html("notice-text").textContent = text;
  html("notice").hidden = text === "";
}

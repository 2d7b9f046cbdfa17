import { isCancelled, Problem } from "./api.js";
import { html, showText } from "./dom.js";

/** Says in plain words what went wrong.
 * @param {unknown} error
 * @param {string} [path] limits the answer to the faults of this part of the request; empty when it has none */
export function explainError(error, path) {
  if (!(error instanceof Problem)) {
    console.error(error);
    return "Something went wrong on this page. Please reload it.";
  }
  const faults = error.faults.filter((fault) => fault.path === path);
  if (path !== undefined) {
    return faults.map(({ message }) => `It ${message}.`).join(" ");
  }
  return `${error.title.replace(/\.$/, "")}. ${error.message}`;
}

/** Codes of refusals of the file that was sent, whatever else is sent. */
const OF_FILE = [
  ...["empty", "unsupported-type", "truncated"],
  ...["malformed", "too-large", "too-many-bytes"],
];

/** Whether the server refused the file itself. @param {unknown} error */
export const isOfFile = (error) =>
  error instanceof Problem && OF_FILE.includes(error.code);

/** Shows what went wrong in an element, unless the user cancelled it. @param {string} id @param {unknown} error */
export function showProblem(id, error) {
  if (!isCancelled(error)) showText(id, explainError(error));
}

/** Announces a text to screen readers. @param {string} text */
export function announce(text) {
  html("status").textContent = text;
}

/** Shows a notice over the image; an empty text closes it. @param {string} text */
export function showNotice(text) {
  html("notice-text").textContent = text;
  html("notice").hidden = text === "";
}

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

/** @param {number} count @param {string} noun whose plural ends with s */
export const counted = (count, noun) =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;

/** A time in words. */
export const when = new Intl.DateTimeFormat("en", {
  dateStyle: "medium",
  timeStyle: "short",
});

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

/** Hides the problems inside an element, whose cause is gone. @param {string} id */
export function clearProblems(id) {
  for (const problem of html(id).querySelectorAll(".problem")) {
    showText(problem.id, "");
  }
}

/** What is said over the image, by its cause. @type {Map<string, string>} */
const notices = new Map();

/** Shows a notice over the image until its cause is gone, which an empty text says.
 * @param {string} text @param {string} [cause] the shown image, if nothing else */
export function showNotice(text, cause = "image") {
  notices.delete(cause);
  if (text !== "") notices.set(cause, text);
  showText("notice-text", [...notices.values()].join("\n"));
  html("notice").hidden = notices.size === 0;
}

/** The user has read them. */
export function closeNotices() {
  notices.clear();
  showNotice("");
}

// What is wrong with a field's value is so until the value is another one.
addEventListener("input", ({ target }) => {
  if (!(target instanceof HTMLElement)) return;
  const about = target.getAttribute("aria-describedby")?.split(" ") ?? [];
  for (const id of about) {
    if (document.getElementById(id)?.matches(".problem")) showText(id, "");
  }
});

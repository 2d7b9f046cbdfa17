import { Problem } from "./api.js";

/** The element with this id. @template {Element} T @param {string} id @param {new () => T} type @returns {T} */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new TypeError(`There is no ${type.name} #${id}.`);
}

/** @param {string} id */
export const html = (id) => byId(id, HTMLElement);
/** @param {string} id */
export const button = (id) => byId(id, HTMLButtonElement);
/** @param {string} id */
export const input = (id) => byId(id, HTMLInputElement);

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {string} className @param {(Node | string)[]} children */
export function make(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/** What went wrong, in plain words. @param {unknown} error @param {string} [path] only faults of this part of the request, in their own words */
export function explain(error, path) {
  if (!(error instanceof Problem)) {
    console.error(error);
    return "The page failed; load it again.";
  }
  const faults = error.faults.filter((fault) => fault.path === path);
  if (path !== undefined) {
    return faults.map(({ message }) => `It ${message}.`).join(" ");
  }
  return `${error.title.replace(/\.$/, "")}. ${error.message}`;
}

/** Shows a text where something went wrong; nothing hides it. @param {string} id @param {string} text */
export function tell(id, text) {
  const place = html(id);
  place.textContent = text;
  place.hidden = text === "";
}

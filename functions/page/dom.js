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

/** How much larger type is than the usual 16 pixels: what is drawn on canvases grows with it. */
export const typeScale = () =>
  Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

/** @template {HTMLCanvasElement | OffscreenCanvas} T
 * @typedef {T extends OffscreenCanvas ? OffscreenCanvasRenderingContext2D : CanvasRenderingContext2D} Context2d */

/** The 2D context of a canvas that has no other kind.
 * @template {HTMLCanvasElement | OffscreenCanvas} T @param {T} canvas */
export const context2d = (
  canvas,
) => /** @type {Context2d<T>} */ (canvas.getContext("2d"));

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {string} className
 * @param {(Node | string)[]} children */
export function make(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/** A table of texts. @param {string[]} heads @param {string[][]} rows */
export function tableOf(heads, rows) {
  const row = (/** @type {"td" | "th"} */ tag, /** @type {string[]} */ texts) =>
    make("tr", "", ...texts.map((text) => make(tag, "", text)));
  return make(
    "table",
    "",
    make("thead", "", row("th", heads)),
    make("tbody", "", ...rows.map((texts) => row("td", texts))),
  );
}

/** A table that scrolls by itself where it is wider than its place. @param {string} label @param {Node} table */
export function scroller(label, table) {
  const made = make("div", "scroll", table);
  Object.assign(made, { tabIndex: 0, role: "group", ariaLabel: label });
  return made;
}

/** Shows a text in an element; an empty text hides the element. @param {string} id @param {string} text */
export function showText(id, text) {
  const element = html(id);
  element.textContent = text;
  element.hidden = text === "";
}

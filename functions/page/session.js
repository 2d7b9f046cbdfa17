import { byId, input } from "./dom.js";
import { Viewer } from "./viewer.js";

/** @import { Schemas } from "./api.js" */
/** @import { Purpose } from "./drafts.js" */
/** @import { Item } from "./item.js" */
/** @import { MaskEditor } from "./mask_editor.js" */

/** A reference that the server has. @typedef {Schemas["Reference"]} KnownReference */
/** What is looked for in the patient's images.
 * @typedef {{label: string, colour: string, references: KnownReference[]}} Structure */

export const viewer = new Viewer(byId("viewer", HTMLCanvasElement));

/** What the page knows of the patient at hand. */
export const session = {
  /** In the order of the filmstrip, the outlined one first. @type {Item[]} */
  items: [],
  /** @type {Item | null} */ shown: null,
  /** @type {MaskEditor | null} */ editor: null,
  /** The image that the editor is open on. @type {Item | null} */ edited: null,
  /** Why the editor is open. @type {Purpose} */ purpose: "first",
  /** Whether the server has a reference of the patient. */ enrolled: false,
  /** Whether each new result is shown as soon as it is ready; ends when the user selects an image. */
  following: true,
  /** In the order of their list. @type {Structure[]} */ structures: [],
  /** Name of the chosen structure. */ label: "target",
  /** Whether the outlines of all structures are shown, not that of the chosen one alone. */
  showsAll: true,
  /** Whether images are being segmented. */ segmenting: false,
  /** How many choices of files are being read. */ reading: 0,
  /** Whether images wait until the user accepts a doubtful reference. */
  held: false,
  /** Images that wait until the first one is outlined. @type {Item[]} */
  later: [],
};

export const patient = () => input("patient").value.trim();

const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";

/** Random letters and digits. @param {number} length */
export function randomCode(length) {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => LETTERS.charAt(byte % LETTERS.length))
    .join("");
}

export const randomPatient = () => `p-${randomCode(12)}`;

/** @type {((item: Item | undefined) => void)[]} */ const listeners = [];

/** Calls a listener after every change. @param {(item: Item | undefined) => void} listener */
export const whenChanged = (listener) => listeners.push(listener);

/** Says that an item, or anything else of the session, has changed: then it is shown and kept.
 * @param {Item} [item] */
export function changed(item) {
  for (const listener of listeners) listener(item);
}

/** Shows the session. */ let show = () => {};

/** What shows the session. @param {() => void} how */
export const renderWith = (how) => show = how;

/** Brings the whole page up to date with the session at once. */
export const render = () => show();

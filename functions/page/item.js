import { make } from "./dom.js";
import { drawThumb } from "./image_file.js";

/** @typedef {import("./mask.js").Rle} Rle */
/** @typedef {import("./api.js").Segmentation} Segmentation */
/** @typedef {"waiting" | "working" | "done" | "failed" | "cancelled"} State */
/**
 * An image of the patient and what came of it.
 * @typedef {object} Item
 * @property {string} name
 * @property {Blob} file
 * @property {boolean} reference whether it was annotated
 * @property {boolean} corrected
 * @property {number} frame of its file, from 0
 * @property {number} frames that its file has; 0 until that is known
 * @property {boolean} whole whether the other frames are still to be taken out of its file
 * @property {import("./api.js").Source["format"]} format
 * @property {State} state
 * @property {string} doing what is being done, while it is working
 * @property {unknown} error
 * @property {Blob | null} source what the browser can show of it
 * @property {string} embedding its id, or empty
 * @property {{width: number, height: number}} size of the image frame
 * @property {Rle | null} rle
 * @property {number} area
 * @property {Segmentation | null} answer
 * @property {import("./api.js").Report | null} report of a reference that was enrolled here
 * @property {Tile} tile
 */

/** @param {Blob} file @param {string} name @param {boolean} reference @param {(item: Item) => void} choose @returns {Item} */
export function createItem(file, name, reference, choose) {
  const tile = new Tile(name);
  /** @type {Item} */
  const item = {
    name,
    file,
    reference,
    corrected: false,
    frame: 0,
    frames: 0,
    whole: true,
    format: "",
    state: "waiting",
    doing: "",
    error: null,
    source: null,
    embedding: "",
    size: { width: 1, height: 1 },
    rle: null,
    area: 0,
    answer: null,
    report: null,
    tile,
  };
  tile.button.addEventListener("click", () => choose(item));
  return item;
}

/** One picture of the filmstrip. */
class Tile {
  #picture = make("span", "picture");
  #caption;
  #note = make("span", "note");

  /** @param {string} name */
  constructor(name) {
    this.#caption = make("span", "name", name);
    const words = make("span", "words", this.#caption, this.#note);
    this.button = make("button", "tile", this.#picture, words);
    this.button.type = "button";
    this.element = make("li", "", this.button);
  }

  /** @param {Item} item @param {boolean} shown */
  update({ name, state, doing, reference, corrected, area, answer }, shown) {
    this.#caption.textContent = name;
    const note = {
      waiting: "Waiting",
      working: doing,
      failed: "Failed",
      cancelled: "Cancelled",
      done: answer && !corrected && !answer.present
        ? "Not found"
        : `${area.toLocaleString("en")} px`,
    }[state];
    const kind = reference ? "Ref · " : corrected ? "Edited · " : "";
    this.#note.textContent = state === "done" ? kind + note : note;
    this.button.dataset.state = state;
    if (shown) this.button.setAttribute("aria-current", "true");
    else this.button.removeAttribute("aria-current");
  }

  /** @param {ImageBitmap} bitmap @param {Path2D | null} outline @param {{width: number, height: number}} size */
  picture(bitmap, outline, size) {
    this.#picture.replaceChildren(drawThumb(bitmap, outline, size));
  }
}

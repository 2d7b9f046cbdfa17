import { context2d, make } from "./dom.js";
import { Mask } from "./mask.js";
import { pathOf, strokeOutline } from "./outline_path.js";

/** @import { Report, Rle, Segmentation, Size, Source } from "./api.js" */
/** @typedef {"waiting" | "working" | "done" | "failed" | "cancelled"} State */
/**
 * One image of the patient, its result and its tile in the filmstrip.
 *
 * @typedef {object} Item
 * @property {string} name
 * @property {Blob} file
 * @property {boolean} reference whether it is enrolled as a reference
 * @property {boolean} corrected
 * @property {number} frame of its file, from 0
 * @property {number} frames in its file; 0 until that is known
 * @property {boolean} whole whether it stands for all frames of its file, which are still to be taken out
 * @property {Source["format"]} format
 * @property {State} state
 * @property {string} activity what is being done while its state is "working"
 * @property {unknown} error
 * @property {Blob | null} source a picture of it that the browser can show
 * @property {string} embedding its id, or empty
 * @property {Size} size in image space
 * @property {Rle | null} rle
 * @property {number} area
 * @property {Segmentation | null} answer
 * @property {Report | null} report of a reference that was enrolled on this page
 * @property {Tile} tile
 */

/** Long side of the picture in a tile, pixels. */
const THUMBNAIL = 240;

/**
 * @param {Blob} file
 * @param {string} name
 * @param {boolean} reference
 * @param {(item: Item) => void} select called when the tile is clicked
 * @returns {Item}
 */
export function createItem(file, name, reference, select) {
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
    activity: "",
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
  tile.button.addEventListener("click", () => select(item));
  return item;
}

/**
 * Draws an item's picture and outline on its tile.
 *
 * @param {Item} item
 */
export async function drawTile({ source, rle, size, tile }) {
  if (source === null) return;
  const bitmap = await createImageBitmap(source);
  const outline = rle && pathOf(Mask.fromRle(rle).outline());
  tile.setPicture(drawThumbnail(bitmap, outline, size));
  bitmap.close();
}

/**
 * @param {ImageBitmap} bitmap
 * @param {Path2D | null} outline
 * @param {Size} size of the image, which the outline refers to
 */
function drawThumbnail(bitmap, outline, size) {
  const canvas = document.createElement("canvas");
  const scale = THUMBNAIL / Math.max(size.width, size.height);
  canvas.width = Math.max(1, Math.round(size.width * scale));
  canvas.height = Math.max(1, Math.round(size.height * scale));
  const context = context2d(canvas);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  if (outline) {
    context.setTransform(scale, 0, 0, scale, 0, 0);
    strokeOutline(context, outline, scale);
  }
  return canvas;
}

/** One image of the filmstrip. */
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
  update({ name, state, activity, reference, corrected, area, answer }, shown) {
    this.#caption.textContent = name;
    const note = {
      waiting: "Waiting",
      working: activity,
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

  /** @param {HTMLCanvasElement} picture */
  setPicture(picture) {
    this.#picture.replaceChildren(picture);
  }
}

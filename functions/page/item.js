import { context2d, make } from "./dom.js";
import { pathOf, strokeOutline } from "./drawing.js";
import { Mask } from "./mask.js";

/** @import { MaskReading, Report, Rle, Segmentation, Size, Source } from "./api.js" */
/** @typedef {"waiting" | "working" | "done" | "failed" | "cancelled"} State */

/** Long side of the picture in a tile, pixels. */
const THUMBNAIL = 240;

/** One image of the patient, its result and its tile in the filmstrip. */
export class Item {
  corrected = false;
  /** Of its file, from 0. */ frame = 0;
  /** In its file; 0 until that is known. */ frames = 0;
  /** Whether it stands for all frames of its file, which are still to be taken out. */
  whole = true;
  /** @type {Source["format"]} */ format = "";
  /** @type {State} */ state = "waiting";
  /** What is being done while its state is "working". */ activity = "";
  /** @type {unknown} */ error = null;
  /** A picture of it that the browser can show. @type {Blob | null} */
  source = null;
  /** Id of its embedding, or empty. */ embedding = "";
  /** In image space. @type {Size} */ size = { width: 1, height: 1 };
  /** @type {Rle | null} */ rle = null;
  area = 0;
  /** @type {Segmentation | null} */ answer = null;
  /** Of a reference that was enrolled on this page. @type {Report | null} */
  report = null;

  /** Doubts about its file or its annotation, as the server told them when it was enrolled. @type {string[]} */
  doubts = [];

  /** How its mask was read when it was enrolled. @type {MaskReading | undefined} */
  reading = undefined;

  /** @param {Blob} file @param {string} name @param {boolean} reference whether it is enrolled as one
   * @param {(item: Item) => void} select called when the tile is clicked */
  constructor(file, name, reference, select) {
    this.file = file;
    this.name = name;
    this.reference = reference;
    this.tile = new Tile(name);
    this.tile.button.addEventListener("click", () => select(this));
  }

  get kind() {
    if (this.reference) return "reference";
    return this.corrected ? "corrected" : "found";
  }

  /** Whether the structure was not found in it. */
  get missing() {
    return this.kind === "found" && this.answer?.present === false;
  }
}

/** Draws an item's picture and outline on its tile. @param {Item} item */
export async function drawTile({ source, rle, size, tile }) {
  if (source === null) return;
  const bitmap = await createImageBitmap(source);
  const canvas = document.createElement("canvas");
  const scale = THUMBNAIL / Math.max(size.width, size.height);
  canvas.width = Math.max(1, Math.round(size.width * scale));
  canvas.height = Math.max(1, Math.round(size.height * scale));
  const context = context2d(canvas);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  if (rle) {
    context.setTransform(scale, 0, 0, scale, 0, 0);
    strokeOutline(context, pathOf(Mask.fromRle(rle).outline()), 1 / scale);
  }
  tile.picture.replaceChildren(canvas);
}

/** One image of the filmstrip. */
class Tile {
  picture = make("span", "picture");
  #caption;
  #note = make("span", "note");

  /** @param {string} name */
  constructor(name) {
    this.#caption = make("span", "name", name);
    const words = make("span", "words", this.#caption, this.#note);
    this.button = make("button", "tile", this.picture, words);
    this.button.type = "button";
    this.element = make("li", "", this.button);
  }

  /** @param {Item} item @param {boolean} shown */
  update(item, shown) {
    const { name, state, activity, reference, corrected, area } = item;
    this.#caption.textContent = name;
    const note = {
      waiting: "Waiting",
      working: activity,
      failed: "Failed",
      cancelled: "Cancelled",
      done: item.missing ? "Not found" : `${area.toLocaleString("en")} px`,
    }[state];
    const kind = reference ? "Ref · " : corrected ? "Edited · " : "";
    this.#note.textContent = state === "done" ? kind + note : note;
    this.button.dataset.state = state;
    if (shown) this.button.setAttribute("aria-current", "true");
    else this.button.removeAttribute("aria-current");
  }
}

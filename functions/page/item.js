import { make } from "./dom.js";
import { areaOf, areaText } from "./measures.js";
import { drawOverlay } from "./overlay.js";
import { randomCode, session } from "./session.js";

/** @import { ImageFacts, MaskReading, Report, Rle, Segmentation, Size, Source } from "./api.js" */
/** @import { Draft } from "./drafts.js" */
/** @typedef {"waiting" | "working" | "done" | "failed" | "cancelled"} Overall of all structures of an image */
/** Of a structure; `unasked` where it has not been looked for in the image.
 * @typedef {Overall | "unasked"} State */

/** Long side of the picture in a tile, pixels. */
const THUMBNAIL = 240;

/** One structure in one image. */
export class Finding {
  /** @type {Rle | null} */ rle = null;
  area = 0;
  /** @type {Segmentation | null} */ answer = null;
  /** Of a reference that was enrolled on this page. @type {Report | null} */
  report = null;
  /** How its mask was read when it was enrolled. @type {MaskReading | undefined} */
  reading = undefined;
  /** Doubts about its file or its annotation, as the server told them when it was enrolled. @type {string[]} */
  doubts = [];
  /** Name of the reference that it is; empty for none. */ reference = "";
  /** When it was enrolled last, in the server's words, which tells its reference from others; empty if never. */
  enrolledAt = "";
  /** Whether its outline is a person's, not the model's own. */
  corrected = false;
  /** Why it could not be looked for. @type {unknown} */ error = null;

  /** @param {string} label */
  constructor(label) {
    this.label = label;
  }

  /** @returns {"reference" | "corrected" | "found"} */
  get kind() {
    if (this.reference) return "reference";
    return this.corrected ? "corrected" : "found";
  }

  /** Whether the structure was not found. */
  get missing() {
    return this.kind === "found" && this.answer?.present === false;
  }
}

/** One image of the patient, what was found in it, and its tile in the filmstrip. */
export class Item {
  /** Names it where it is kept. */ id = randomCode(16);
  /** Of its file, from 0. */ frame = 0;
  /** In its file; 0 until that is known. */ frames = 0;
  /** Whether it stands for all frames of its file, which are still to be taken out. */
  whole = true;
  /** @type {Source["format"]} */ format = "";
  /** @type {Overall} */ overall = "waiting";
  /** What is being done while its state is "working". */ activity = "";
  /** Why it could not be read. @type {unknown} */ failure = null;
  /** A picture of it that the browser can show. @type {Blob | null} */
  source = null;
  /** Id of its embedding, or empty. */ embedding = "";
  /** In image space. @type {Size} */ size = { width: 1, height: 1 };
  /** What its headers say; null until that is known. @type {ImageFacts | null} */
  facts = null;
  /** Its path below what was opened, with its extension. */ path = "";
  /** The size of its file where the browser has scaled it down; else null. @type {Size | null} */
  fullSize = null;
  /** Millimetres for a pixel, as a person has set it; null where nobody did. @type {number | null} */
  scale = null;
  /** By label. @type {Map<string, Finding>} */ findings = new Map();
  /** What was begun to be drawn on it. @type {Draft[]} */ drafts = [];

  /** @param {Blob} file @param {string} name */
  constructor(file, name) {
    this.file = file;
    this.name = name;
    this.tile = new Tile(name);
  }

  /** What is known of the chosen structure in it. */
  get finding() {
    return this.findings.get(session.label) ?? null;
  }

  /** What is known of a structure in it, to be filled in. @param {string} label */
  findingOf(label) {
    const known = this.findings.get(label) ?? new Finding(label);
    this.findings.set(label, known);
    return known;
  }

  /** What was begun to be drawn of the chosen structure on it. */
  get draft() {
    const { label } = session;
    return this.drafts.find((draft) =>
      draft.label === label && draft.frame === this.frame
    ) ?? null;
  }

  /** @param {string} label @returns {State} */
  stateOf(label) {
    if (this.overall !== "done") return this.overall;
    const finding = this.findings.get(label);
    if (finding === undefined) return "unasked";
    return finding.error === null ? "done" : "failed";
  }

  /** Of the chosen structure. */
  get state() {
    return this.stateOf(session.label);
  }

  get error() {
    return this.failure ?? this.finding?.error ?? null;
  }
  get rle() {
    return this.finding?.rle ?? null;
  }
  get area() {
    return this.finding?.area ?? 0;
  }
  get answer() {
    return this.finding?.answer ?? null;
  }
  get report() {
    return this.finding?.report ?? null;
  }
  get reading() {
    return this.finding?.reading;
  }
  get doubts() {
    return this.finding?.doubts ?? [];
  }
  get reference() {
    return this.finding?.reference ?? "";
  }
  get corrected() {
    return this.finding?.corrected ?? false;
  }
  get kind() {
    return this.finding?.kind ?? "found";
  }
  /** Whether the structure was not found in it. */
  get missing() {
    return this.finding?.missing ?? false;
  }

  /** The findings that are to be seen, the chosen one last. */
  get visible() {
    const { structures, label, showsAll } = session;
    const others = structures.flatMap((structure) =>
      structure.label === label ? [] : this.findings.get(structure.label) ?? []
    );
    const chosen = this.finding;
    return [...(showsAll ? others : []), ...(chosen ? [chosen] : [])];
  }
}

/** Draws an item's picture and outlines on its tile. @param {Item} item */
export async function drawTile(item) {
  const labels = item.visible.map(({ label }) => label);
  const picture = await drawOverlay(item, THUMBNAIL, labels, Infinity);
  if (picture !== null) item.tile.picture.replaceChildren(picture);
}

/** @param {Item} item */
const sizeText = (item) =>
  item.rle ? areaText(areaOf(item, item.rle, item.area)) : "";

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
    const { name, state, activity, reference, corrected } = item;
    this.#caption.textContent = name;
    const note = {
      waiting: "Waiting",
      working: activity,
      failed: "Failed",
      cancelled: "Cancelled",
      unasked: "Not segmented",
      done: item.missing ? "Not found" : sizeText(item),
    }[state];
    const kind = reference ? "Ref · " : corrected ? "Edited · " : "";
    const text = state === "done" ? kind + note : note;
    this.#note.textContent = item.draft || item === session.edited
      ? "Being drawn"
      : text;
    this.button.dataset.state = state;
    if (shown) this.button.setAttribute("aria-current", "true");
    else this.button.removeAttribute("aria-current");
  }
}

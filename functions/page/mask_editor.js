import { isCancelled } from "./api.js";
import { Hover } from "./hover.js";
import { Mask } from "./mask.js";

/** @import { Click, MaskPrompt, Rle } from "./api.js" */
/** @import { Flips, Point2 } from "./mask.js" */
/** @import { Viewer } from "./viewer.js" */
/** @typedef {"inside" | "outside" | "box" | "polygon" | "brush" | "eraser"} Tool */
/** `filled` is what closing it turned over, null while it is open.
 * @typedef {{corners: readonly Point2[], filled: Flips | null}} Polygon */
/** An edit and what it led to: what it turned over, the area, the clicks that the mask was decoded from, the polygon.
 * @typedef {{flips: Flips, area: number, clicks: Click[], polygon: Polygon}} Step */
/** A mask that is being drawn, with its history, to be gone on with later.
 * @typedef {{rle: Rle, steps: Step[], undone: Step[]}} Drawing */

/** A press that moves farther is no click, and one nearer to a corner takes hold of it, CSS pixels. */
const NEAR = 10;
/** A corner that is pressed moves with the pointer once that has moved farther, CSS pixels. */
const HELD = 3;
/** Steps that can be undone. */ const MOST_STEPS = 200;

/** @type {Polygon} */ const NO_POLYGON = { corners: [], filled: null };

/** Edits one mask in the viewer, with undo. Clicks and boxes are decoded by the server. */
export class MaskEditor {
  /** @type {Tool} */ #tool = "inside";
  /** The last one led to the mask without what is being drawn. @type {Step[]} */
  #steps;
  /** @type {Step[]} */ #undone = [];
  /** Those of the last step, and one that is being decoded. @type {Click[]} */
  #clicks = [];
  /** Where a press began, or the brush was last. @type {Point2 | null} */
  #last = null;
  /** The corner that is pressed, -1 when none is. */ #held = -1;
  /** Cancels the decoding. @type {AbortController | null} */ #decoding = null;
  /** Of a step, for the decoder. @type {{step: Step, rle: Rle} | null} */
  #encoded = null;
  /** Whether the mask stays as it is, because it is being enrolled. */
  frozen = false;

  /** @param {Viewer} viewer @param {Mask} mask changed in place @param {object} callbacks
   * @param {(prompt: MaskPrompt, signal: AbortSignal) => Promise<Rle>} callbacks.decode
   * @param {(prompt: MaskPrompt, signal: AbortSignal) => Promise<Rle>} callbacks.preview decodes without a word
   * @param {() => void} callbacks.changed called after every change, and when a decoding begins or ends
   * @param {(error: unknown) => void} callbacks.failed */
  constructor(viewer, mask, callbacks) {
    this.viewer = viewer;
    this.mask = mask;
    this.callbacks = callbacks;
    const { area } = mask;
    const start = { flips: [], area, clicks: [], polygon: NO_POLYGON };
    this.#steps = [start];
    this.hover = new Hover({
      ask: (at, signal) => callbacks.preview(this.#promptAt(at), signal),
      show: (rle) => viewer.setPreview(rle && Mask.fromRle(rle)),
      isNear: (a, b) => this.#isNear(a, b),
    });
    viewer.handler = this;
    this.#show();
  }

  get #current() {
    return /** @type {Step} */ (this.#steps.at(-1));
  }
  get isPressed() {
    return this.#last !== null;
  }
  /** Whether the tool waits for the end of a press, since the press may still become a pinch or a drag. */
  get actsOnRelease() {
    if (this.#tool === "polygon") return this.#held < 0 || this.#closes;
    return this.#tool === "inside" || this.#tool === "outside";
  }
  get busy() {
    return this.#decoding?.signal.aborted === false;
  }
  get canUndo() {
    return !this.frozen && this.#steps.length > 1;
  }
  get canRedo() {
    return !this.frozen && this.#undone.length > 0;
  }
  /** Whether there is neither a mask nor an open polygon. */
  get empty() {
    return this.#current.area === 0 && !this.isOpen;
  }
  /** Whether a polygon has been begun and not been closed. */
  get isOpen() {
    const { corners, filled } = this.#current.polygon;
    return corners.length > 0 && filled === null;
  }
  /** Of the mask without what is being drawn. */
  get area() {
    return this.#current.area;
  }
  get canClose() {
    return this.isOpen && this.#current.polygon.corners.length > 2 &&
      !this.frozen;
  }
  /** Whether anything was drawn that can be lost. */
  get touched() {
    return this.#steps.length + this.#undone.length > 1;
  }
  /** What is drawn, to go on with it later. @returns {Drawing} */
  get drawing() {
    const [steps, undone] = [[...this.#steps], [...this.#undone]];
    return { rle: this.#rle, steps, undone };
  }

  /** Goes on with what was drawn earlier, and with its history. @param {Drawing} drawing */
  resume({ rle, steps, undone }) {
    this.mask.set(rle);
    this.mask.takeFlips();
    [this.#steps, this.#undone] = [[...steps], [...undone]];
    this.#clicks = this.#current.clicks;
    this.#show();
  }

  /** The mask without what is being drawn. */
  get #rle() {
    const known = this.#rleOf(this.#current);
    if (known !== null) return known;
    const { pending } = this.mask;
    this.mask.flip(pending);
    const rle = this.mask.toRle();
    this.mask.flip(pending);
    this.#encoded = { step: this.#current, rle };
    return rle;
  }

  /** What a step led to, if it was the last that was encoded. @param {Step} step */
  #rleOf(step) {
    return this.#encoded?.step === step ? this.#encoded.rle : null;
  }

  /** @param {Tool} tool @param {number} size of the brush, 1 to 100 */
  use(tool, size) {
    this.end();
    this.hover.stop();
    this.#tool = tool;
    const longSide = Math.max(this.mask.width, this.mask.height);
    const radius = 0.5 + longSide * 0.15 * (size / 100) ** 2;
    const paints = tool === "brush" || tool === "eraser";
    this.viewer.brush = paints ? radius : 0;
    this.#showPolygon();
  }

  /** @param {Point2} at */
  down(at) {
    if (this.frozen) return;
    this.hover.stop();
    this.#last = at;
    this.#held = this.#tool === "polygon" ? this.#cornerAt(at) : -1;
    if (this.actsOnRelease || this.#held >= 0) return;
    if (this.#tool !== "box") this.#decoding?.abort();
    this.move(at);
  }

  /** @param {Point2} at */
  move(at) {
    if (this.#last === null) return this.#hoverAt(at);
    if (this.#held >= 0) return this.#dragCorner(at);
    if (this.actsOnRelease) return;
    if (this.#tool === "box") {
      const [[x0, y0], [x1, y1]] = [this.#last, at];
      this.viewer.draft = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
      return this.viewer.redraw();
    }
    const value = this.#tool === "brush" ? 255 : 0;
    const { brush } = this.viewer;
    const box = this.mask.stroke(this.#last, at, brush, value);
    this.#last = at;
    this.viewer.paint(this.mask, box);
  }

  /** @param {Point2} at */
  up(at) {
    if (this.#last === null) return;
    const [from, held] = [this.#last, this.#held];
    const closes = this.#closes;
    this.#last = null;
    this.#held = -1;
    if (held >= 0) {
      if (!this.#isNear(from, at, HELD)) this.#moveCorner(held, at);
      else if (closes) this.#closePolygon();
      else this.#showPolygon();
    } else if (this.actsOnRelease) {
      if (!this.#isNear(from, at)) return;
      if (this.#tool === "polygon") this.#addCorner(from);
      else this.#addClick(from);
    } else if (this.#tool === "box") this.#drawBox(from, at);
    else this.#commit({ clicks: [] });
  }

  /** Undoes the press that is going on, which may have turned out to be a pinch. */
  cancel() {
    if (this.#last === null) return;
    this.#last = null;
    this.#held = -1;
    this.viewer.draft = [];
    this.mask.flip(this.mask.takeFlips());
    this.#show();
  }

  leave() {
    this.hover.stop();
  }

  /** Ends the press that is going on: what was painted stays, anything else is undone. */
  end() {
    if (this.#last !== null && this.viewer.brush > 0) this.up(this.#last);
    else this.cancel();
  }

  /** Cancels a decoding and ends a press that is going on. */
  stop() {
    this.hover.stop();
    this.#decoding?.abort();
    this.end();
  }

  /** Undoes what is going on, a decoding or a press; false where nothing is. */
  #undoPress() {
    this.hover.stop();
    if (!this.busy && !this.isPressed) return false;
    this.cancel();
    this.stop();
    return true;
  }

  /** Undoes what is going on, or else takes an open polygon away, which can be undone. */
  escape() {
    if (this.#undoPress() || !this.isOpen || this.frozen) return;
    this.#commit({ polygon: NO_POLYGON });
  }

  undo() {
    if (!this.#undoPress()) this.#step(this.#steps, this.#undone, 1);
  }
  redo() {
    this.#step(this.#undone, this.#steps, 0);
  }

  /** Takes over a mask of the same size. @param {Rle} rle */
  load(rle) {
    if (this.frozen) return;
    this.stop();
    this.mask.set(rle);
    this.#commit({ clicks: [] });
  }

  clear() {
    if (this.frozen) return;
    this.stop();
    this.mask.clear();
    this.#commit({ clicks: [], polygon: NO_POLYGON });
  }

  /** Changes the shape of the mask; false where that changes nothing. @param {(mask: Mask) => Flips} edit */
  reshape(edit) {
    if (this.frozen) return false;
    this.stop();
    const flips = edit(this.mask);
    if (flips.length === 0) return false;
    this.mask.flip(flips);
    this.#commit({ flips, clicks: [] });
    return true;
  }

  /** Closes an open polygon of three corners or more. */
  closePolygon() {
    if (!this.canClose) return;
    this.stop();
    this.#closePolygon();
  }

  /** Removes the corner under the pointer, or else the last one. */
  removeCorner() {
    const { corners, filled } = this.#current.polygon;
    const { cursor } = this.viewer;
    const least = filled === null ? 1 : 4;
    if (this.#tool !== "polygon" || this.frozen || corners.length < least) {
      return;
    }
    this.stop();
    const under = cursor ? this.#cornerAt(cursor) : -1;
    this.#setCorners(corners.toSpliced(under, 1));
  }

  close() {
    this.stop();
    this.viewer.handler = null;
    this.viewer.brush = 0;
    this.viewer.polygon = { corners: [], closed: false, growing: false };
  }

  /** @param {Point2} a @param {Point2} b @param {number} gap CSS pixels */
  #isNear([ax, ay], [bx, by], gap = NEAR) {
    return Math.hypot(ax - bx, ay - by) * this.viewer.scale < gap;
  }

  /** The polygon's corner at a place, the last where there are several; -1 where there is none. @param {Point2} at */
  #cornerAt(at) {
    const { corners } = this.#current.polygon;
    return corners.findLastIndex((corner) => this.#isNear(corner, at));
  }

  /** Whether a click on the corner that is pressed closes the polygon. */
  get #closes() {
    const { length } = this.#current.polygon.corners;
    const isEnd = this.#held === 0 || this.#held === length - 1;
    return this.isOpen && length > 2 && isEnd;
  }

  /** @param {Point2} a @param {Point2} b the opposite corner */
  #drawBox([ax, ay], [bx, by]) {
    this.viewer.draft = [];
    this.viewer.redraw();
    const [width, height] = [Math.abs(bx - ax), Math.abs(by - ay)];
    if (Math.min(width, height) * this.viewer.scale < 4) return;
    /** @type {NonNullable<MaskPrompt["box"]>} */
    const box = [
      Math.floor(Math.min(ax, bx)),
      Math.floor(Math.min(ay, by)),
      Math.floor(Math.max(ax, bx)),
      Math.floor(Math.max(ay, by)),
    ];
    this.#request({ points: [], box }, []);
  }

  /** Begins another polygon where the last one is closed. @param {Point2} at */
  #addCorner(at) {
    const { corners, filled } = this.#current.polygon;
    const others = filled === null ? corners : [];
    this.#commit({ polygon: { corners: [...others, at], filled: null } });
  }

  #closePolygon() {
    this.#decoding?.abort();
    const { corners } = this.#current.polygon;
    this.mask.fill([...corners]);
    const flips = this.mask.takeFlips();
    this.#commit({ flips, clicks: [], polygon: { corners, filled: flips } });
  }

  /** Shows the polygon with the corner that is pressed where the pointer is. @param {Point2} at */
  #dragCorner(at) {
    if (this.#last === null || this.#isNear(this.#last, at, HELD)) return;
    this.#showPolygon(this.#current.polygon.corners.with(this.#held, at));
  }

  /** @param {number} index @param {Point2} at */
  #moveCorner(index, at) {
    this.#setCorners(this.#current.polygon.corners.with(index, at));
  }

  /** Gives the polygon other corners; one that is closed is filled anew. @param {Point2[]} corners */
  #setCorners(corners) {
    const { filled } = this.#current.polygon;
    if (filled === null) {
      return this.#commit({ polygon: { corners, filled } });
    }
    this.#decoding?.abort();
    this.mask.flip(filled);
    this.mask.fill(corners);
    const other = this.mask.takeFlips();
    const polygon = { corners, filled: other };
    const flips = [...Array.from(filled), ...Array.from(other)];
    this.#commit({ flips, clicks: [], polygon });
  }

  /** The click of the tool at a place, after those before. @param {Point2} at @returns {Click[]} */
  #clicksTo([x, y]) {
    const label = this.#tool === "inside" ? 1 : 0;
    return [...this.#clicks, { x: Math.floor(x), y: Math.floor(y), label }];
  }

  /** @param {Click[]} points @returns {MaskPrompt} */
  #promptOf(points) {
    return { points, ...this.#current.area > 0 && { mask: this.#rle } };
  }

  /** @param {Point2} at */
  #promptAt(at) {
    return this.#promptOf(this.#clicksTo(at));
  }

  /** @param {Point2} at */
  #hoverAt(at) {
    const clicks = this.#tool === "inside" || this.#tool === "outside";
    if (!clicks || this.frozen || this.busy || this.#isUseless) return;
    this.hover.move(at);
  }

  /** Whether a click would be the first one, and outside. */
  get #isUseless() {
    return this.#tool === "outside" && this.#current.area === 0 &&
      this.#clicks.length === 0;
  }

  /** @param {Point2} at */
  #addClick(at) {
    if (this.#isUseless) return;
    const points = this.#clicksTo(at);
    this.#request(this.#promptOf(points), points);
  }

  /** Has a prompt decoded to the mask. The last prompt wins; an earlier one without an answer is dropped.
   * @param {MaskPrompt} prompt @param {Click[]} clicks */
  async #request(prompt, clicks) {
    this.#decoding?.abort();
    const decoding = new AbortController();
    this.#decoding = decoding;
    this.#clicks = clicks;
    this.viewer.setPoints(clicks);
    this.callbacks.changed();
    try {
      const rle = await this.callbacks.decode(prompt, decoding.signal);
      if (decoding.signal.aborted) return;
      this.hover.took = 0;
      this.mask.set(rle);
      const flips = this.mask.takeFlips();
      this.#commit({ flips, clicks }, rle);
    } catch (error) {
      if (this.#decoding === decoding) this.#clicks = this.#current.clicks;
      if (!isCancelled(error)) this.callbacks.failed(error);
    } finally {
      if (this.#decoding === decoding) this.#decoding = null;
      this.viewer.setPoints(this.#clicks);
      this.callbacks.changed();
    }
  }

  /** Makes the mask and the polygon as they are now a step of the history. A closed polygon stays movable until the
   * mask is changed by something else.
   * @param {Partial<Omit<Step, "area">>} change @param {Rle | null} rle of the mask, where it is known */
  #commit({ flips = this.mask.takeFlips(), clicks, polygon }, rle = null) {
    const before = this.#current;
    const isOpen = before.polygon.filled === null;
    const step = {
      flips: Int32Array.from(flips),
      area: flips.length > 0 ? this.mask.area : before.area,
      clicks: clicks ?? before.clicks,
      polygon: polygon ?? (isOpen ? before.polygon : NO_POLYGON),
    };
    this.#steps.push(step);
    const known = flips.length > 0 ? rle : this.#rleOf(before);
    this.#encoded = known && { step, rle: known };
    if (this.#steps.length > MOST_STEPS) this.#steps.shift();
    this.#undone = [];
    if (clicks) this.#clicks = clicks;
    this.#show();
    this.callbacks.changed();
  }

  /** Goes back or forth by one step of the history.
   * @param {Step[]} from @param {Step[]} to @param {number} least steps that stay where they are */
  #step(from, to, least) {
    if (this.frozen) return;
    this.stop();
    const step = from.length > least ? from.pop() : undefined;
    if (step === undefined) return;
    to.push(step);
    this.mask.flip(step.flips);
    this.#clicks = this.#current.clicks;
    this.#show();
    this.callbacks.changed();
  }

  #show() {
    this.viewer.setMask(this.mask, this.#clicks);
    this.#showPolygon();
  }

  /** @param {readonly Point2[]} corners */
  #showPolygon(corners = this.#current.polygon.corners) {
    const closed = this.#current.polygon.filled !== null;
    const growing = !closed && this.#held < 0 && this.#tool === "polygon";
    this.viewer.polygon = { corners, closed, growing };
    this.viewer.redraw();
  }
}

import { isCancelled } from "./api.js";

/** @import { Click, MaskPrompt, Rle } from "./api.js" */
/** @import { Drawing } from "./drafts.js" */
/** @import { Mask, Point2 } from "./mask.js" */
/** @import { Viewer } from "./viewer.js" */
/** @typedef {"inside" | "outside" | "box" | "polygon" | "brush" | "eraser"} Tool */
/** @typedef {{rle: Rle, area: number, clicks: Click[]}} Step a state of the mask, and the clicks it was decoded from */

/** A press that moves farther is no click, and a click nearer to a polygon's end closes it, CSS pixels. */
const NEAR = 10;

/** Edits one mask in the viewer, with undo. Clicks and boxes are decoded by the server. */
export class MaskEditor {
  /** @type {Tool} */ #tool = "inside";
  /** @type {Step[]} */ #undoSteps = [];
  /** @type {Step[]} */ #redoSteps = [];
  /** The mask without what is being drawn. @type {Step} */ #current;
  /** Those of `#current`, and one that is being decoded. @type {Click[]} */
  #clicks = [];
  /** Where a press began, or the brush was last. @type {Point2 | null} */
  #last = null;
  /** Cancels the decoding. @type {AbortController | null} */ #decoding = null;
  /** Whether the mask stays as it is, because it is being enrolled. */
  frozen = false;

  /** @param {Viewer} viewer @param {Mask} mask changed in place @param {object} callbacks
   * @param {(prompt: MaskPrompt, signal: AbortSignal) => Promise<Rle>} callbacks.decode
   * @param {() => void} callbacks.changed called after every change, and when a decoding begins or ends
   * @param {(error: unknown) => void} callbacks.failed */
  constructor(viewer, mask, callbacks) {
    this.viewer = viewer;
    this.mask = mask;
    this.callbacks = callbacks;
    this.#current = { rle: mask.toRle(), area: mask.area, clicks: [] };
    viewer.handler = this;
    this.#show();
  }

  get isPressed() {
    return this.#last !== null;
  }
  /** Whether the tool waits for the end of a press, since the press may still become a pinch or a drag. */
  get actsOnRelease() {
    return ["inside", "outside", "polygon"].includes(this.#tool);
  }
  get busy() {
    return this.#decoding !== null;
  }
  get canUndo() {
    return !this.frozen && this.#undoSteps.length > 0;
  }
  get canRedo() {
    return !this.frozen && this.#redoSteps.length > 0;
  }
  get empty() {
    return this.#current.area === 0;
  }

  /** Whether anything was drawn that can be lost. */
  get touched() {
    return this.#undoSteps.length > 0 || this.#corners.length > 0;
  }
  /** What is drawn, to go on with it later. @returns {Drawing} */
  get drawing() {
    const { rle, clicks } = this.#current;
    return { rle, clicks, corners: [...this.#corners] };
  }
  /** Of an open polygon. */
  get #corners() {
    return this.#tool === "polygon" ? this.viewer.draft : [];
  }

  /** Goes on with what was drawn earlier; undo leads back to where the editor began. @param {Drawing} drawing */
  resume({ rle, clicks, corners }) {
    if (rle.counts !== this.#current.rle.counts) {
      this.mask.set(rle);
      this.#commit(clicks, rle);
    }
    this.viewer.draft = [...corners];
    this.viewer.redraw();
  }

  /** @param {Tool} tool @param {number} size of the brush, 1 to 100 */
  use(tool, size) {
    this.cancel();
    this.viewer.draft = [];
    this.#tool = tool;
    const longSide = Math.max(this.mask.width, this.mask.height);
    const radius = 0.5 + longSide * 0.15 * (size / 100) ** 2;
    const paints = tool === "brush" || tool === "eraser";
    this.viewer.brush = paints ? radius : 0;
    this.viewer.redraw();
  }

  /** @param {Point2} at */
  down(at) {
    if (this.frozen) return;
    this.#last = at;
    if (this.actsOnRelease) return;
    if (this.#tool !== "box") this.#decoding?.abort();
    this.move(at);
  }

  /** @param {Point2} at */
  move(at) {
    if (this.#last === null || this.actsOnRelease) return;
    if (this.#tool === "box") {
      const [[x0, y0], [x1, y1]] = [this.#last, at];
      this.viewer.draft = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
      return this.viewer.redraw();
    }
    const value = this.#tool === "brush" ? 255 : 0;
    this.mask.stroke(this.#last, at, this.viewer.brush, value);
    this.#last = at;
    this.viewer.setMask(this.mask);
  }

  /** @param {Point2} at */
  up(at) {
    if (this.#last === null) return;
    const from = this.#last;
    this.#last = null;
    if (this.actsOnRelease) {
      if (!this.#isNear(from, at)) return;
      if (this.#tool === "polygon") this.#addCorner(from);
      else this.#addClick(from);
    } else if (this.#tool === "box") this.#drawBox(from, at);
    else this.#commit([]);
  }

  /** Undoes the press that is going on, which may have turned out to be a pinch. */
  cancel() {
    if (this.#last === null) return;
    this.#last = null;
    if (this.actsOnRelease) return;
    if (this.#tool === "box") this.viewer.draft = [];
    this.mask.set(this.#current.rle);
    this.#show();
  }

  /** Cancels a decoding or a drawing that is going on. */
  stop() {
    this.#decoding?.abort();
    this.cancel();
    this.viewer.draft = [];
    this.#show();
  }

  undo() {
    this.#step(this.#undoSteps, this.#redoSteps);
  }
  redo() {
    this.#step(this.#redoSteps, this.#undoSteps);
  }

  /** Takes over a mask of the same size. @param {Rle} rle */
  load(rle) {
    this.stop();
    this.mask.set(rle);
    this.#commit([]);
  }

  clear() {
    this.stop();
    this.mask.data.fill(0);
    this.#commit([]);
  }

  close() {
    this.stop();
    this.viewer.handler = null;
    this.viewer.brush = 0;
  }

  /** @param {Point2} a @param {Point2} b */
  #isNear([ax, ay], [bx, by]) {
    return Math.hypot(ax - bx, ay - by) * this.viewer.scale < NEAR;
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

  /** @param {Point2} at */
  #addCorner(at) {
    const { draft } = this.viewer;
    const ends = [draft.at(0), draft.at(-1)];
    const closes = ends.some((end) => end && this.#isNear(end, at));
    if (draft.length > 2 && closes) {
      this.#decoding?.abort();
      this.mask.fill(draft);
      this.viewer.draft = [];
      this.#commit([]);
    } else {
      draft.push(at);
      this.callbacks.changed();
    }
    this.viewer.redraw();
  }

  /** @param {Point2} at */
  #addClick([x, y]) {
    const label = this.#tool === "inside" ? 1 : 0;
    if (this.empty && label === 0 && this.#clicks.length === 0) return;
    /** @type {Click} */
    const click = { x: Math.floor(x), y: Math.floor(y), label };
    const points = [...this.#clicks, click];
    const known = this.empty ? {} : { mask: this.#current.rle };
    this.#request({ points, ...known }, points);
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
      this.mask.set(rle);
      this.#commit(clicks, rle);
    } catch (error) {
      if (this.#decoding === decoding) this.#clicks = this.#current.clicks;
      if (!isCancelled(error)) this.callbacks.failed(error);
    } finally {
      if (this.#decoding === decoding) this.#decoding = null;
      this.viewer.setPoints(this.#clicks);
      this.callbacks.changed();
    }
  }

  /** Makes the mask as it is now a step of the history. @param {Click[]} clicks @param {Rle} [rle] */
  #commit(clicks, rle = this.mask.toRle()) {
    this.#undoSteps.push(this.#current);
    this.#redoSteps = [];
    this.#current = { rle, area: this.mask.area, clicks };
    this.#clicks = clicks;
    this.#show();
    this.callbacks.changed();
  }

  /** Goes back or forth by one step of the history. @param {Step[]} from @param {Step[]} to */
  #step(from, to) {
    if (this.frozen) return;
    this.stop();
    const step = from.pop();
    if (step === undefined) return;
    to.push(this.#current);
    this.#current = step;
    this.#clicks = step.clicks;
    this.mask.set(step.rle);
    this.#show();
    this.callbacks.changed();
  }

  #show() {
    this.viewer.setMask(this.mask, this.#clicks);
  }
}

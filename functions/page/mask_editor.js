import { isCancelled } from "./api.js";
import { Mask } from "./mask.js";

/** @typedef {import("./mask.js").Point2} Point2 */
/** @typedef {import("./mask.js").Rle} Rle */
/** @typedef {import("./api.js").Click} Click */
/** @typedef {import("./viewer.js").Stage} Stage */
/** @typedef {"inside" | "outside" | "box" | "polygon" | "brush" | "eraser"} Tool */
/** @typedef {{points: Click[], box?: number[], mask?: Rle}} Prompt */
/** @typedef {{runs: Uint32Array, clicks: Click[], rle: Rle | null}} Step a mask, and what it was decoded from and to */

/** A polygon is closed by a click this near to its first corner, and a press that moves farther is no click, CSS pixels. */
const NEAR = 10;

/** Draws one mask on the stage, with undo; clicks and boxes are decoded by the server. */
export class Editor {
  /** @type {Tool} */
  #tool = "inside";
  /** @type {Step[]} */
  #past = [];
  /** @type {Step[]} */
  #future = [];
  /** @type {Step} */
  #settled;
  /** Those of `#settled`, and what is being decoded. @type {Click[]} */
  #clicks = [];
  /** Where the brush was last. @type {Point2 | null} */
  #last = null;
  /** @type {AbortController | null} */
  #asking = null;
  /** While the mask is being enrolled it stays as it is. */
  frozen = false;

  /**
   * @param {Stage} stage
   * @param {Mask} mask changed in place
   * @param {object} to
   * @param {(prompt: Prompt, signal: AbortSignal) => Promise<Rle>} to.decode
   * @param {() => void} to.changed after every change, and when a decoding begins or ends
   * @param {(error: unknown) => void} to.failed
   */
  constructor(stage, mask, { decode, changed, failed }) {
    this.stage = stage;
    this.mask = mask;
    this.decode = decode;
    this.changed = changed;
    this.failed = failed;
    this.#settled = { runs: mask.runs(), clicks: [], rle: null };
    stage.hand = this;
    this.#show();
  }

  get held() {
    return this.#last !== null;
  }
  /** Whether the tool acts at the end of a press, which may yet become a pinch or a drag. */
  get clicks() {
    return ["inside", "outside", "polygon"].includes(this.#tool);
  }
  get busy() {
    return this.#asking !== null;
  }
  get canUndo() {
    return !this.frozen && this.#past.length > 0;
  }
  get canRedo() {
    return !this.frozen && this.#future.length > 0;
  }
  get empty() {
    return this.#settled.runs.length === 1;
  }

  /** @param {Tool} tool @param {number} size of the brush, 1 to 100 */
  use(tool, size) {
    this.cancel();
    this.stage.draft = [];
    this.#tool = tool;
    const long = Math.max(this.mask.width, this.mask.height);
    const radius = 0.5 + long * 0.15 * (size / 100) ** 2;
    const paints = tool === "brush" || tool === "eraser";
    this.stage.brush = paints ? radius : 0;
    this.stage.redraw();
  }

  /** @param {Point2} at */
  down(at) {
    if (this.frozen) return;
    this.#last = at;
    if (this.clicks) return;
    if (this.#tool !== "box") this.#asking?.abort();
    this.move(at);
  }

  /** @param {Point2} at */
  move(at) {
    if (this.#last === null || this.clicks) return;
    if (this.#tool === "box") {
      const [[x0, y0], [x1, y1]] = [this.#last, at];
      this.stage.draft = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
      return this.stage.redraw();
    }
    const value = this.#tool === "brush" ? 255 : 0;
    this.mask.stroke(this.#last, at, this.stage.brush, value);
    this.#last = at;
    this.stage.mark(this.mask);
  }

  /** @param {Point2} at */
  up(at) {
    if (this.#last === null) return;
    const from = this.#last;
    this.#last = null;
    if (this.clicks) {
      if (!this.#near(from, at)) return;
      return this.#tool === "polygon" ? this.#corner(from) : this.#click(from);
    }
    if (this.#tool !== "box") return this.#settle([]);
    this.stage.draft = [];
    const [x0, x1] = [from[0], at[0]].sort((a, b) => a - b);
    const [y0, y1] = [from[1], at[1]].sort((a, b) => a - b);
    this.stage.redraw();
    if ((x1 - x0) * this.stage.scale < 4 || (y1 - y0) * this.stage.scale < 4) {
      return;
    }
    this.#ask({ points: [], box: [x0, y0, x1, y1].map(Math.floor) }, []);
  }

  cancel() {
    if (this.#last === null) return;
    this.#last = null;
    if (this.clicks) return;
    if (this.#tool === "box") this.stage.draft = [];
    this.mask.restore(this.#settled.runs);
    this.#show();
  }

  /** Ends a decoding or a drawing that is under way. */
  stop() {
    this.#asking?.abort();
    this.cancel();
    this.stage.draft = [];
    this.#show();
  }

  undo() {
    if (this.frozen) return;
    this.stop();
    this.#travel(this.#past, this.#future);
  }

  redo() {
    if (this.frozen) return;
    this.stop();
    this.#travel(this.#future, this.#past);
  }

  clear() {
    this.stop();
    this.mask.data.fill(0);
    this.#settle([]);
  }

  close() {
    this.stop();
    this.stage.hand = null;
    this.stage.brush = 0;
  }

  /** @param {Point2} a @param {Point2} b */
  #near([ax, ay], [bx, by]) {
    return Math.hypot(ax - bx, ay - by) * this.stage.scale < NEAR;
  }

  /** @param {Point2} at */
  #corner(at) {
    const { draft } = this.stage;
    const ends = [draft[0], draft[draft.length - 1]];
    if (draft.length > 2 && ends.some((end) => this.#near(end, at))) {
      this.#closePolygon();
    } else draft.push(at);
    this.stage.redraw();
  }

  #closePolygon() {
    this.#asking?.abort();
    this.mask.fill(this.stage.draft);
    this.stage.draft = [];
    this.#settle([]);
  }

  /** @param {Point2} at */
  #click([x, y]) {
    const label = this.#tool === "inside" ? 1 : 0;
    if (this.empty && label === 0 && this.#clicks.length === 0) return;
    const click =
      /** @type {Click} */ ({ x: Math.floor(x), y: Math.floor(y), label });
    const clicks = [...this.#clicks, click];
    const mask = this.empty
      ? undefined
      : this.#settled.rle ??= this.mask.toRle();
    this.#ask({ points: clicks, mask }, clicks);
  }

  /** The last question wins; an earlier one that is not answered yet is dropped. @param {Prompt} prompt @param {Click[]} clicks */
  async #ask(prompt, clicks) {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.#clicks = clicks;
    this.stage.dot(clicks);
    this.changed();
    try {
      const rle = await this.decode(prompt, asking.signal);
      if (asking.signal.aborted) return;
      this.mask.data.set(Mask.fromRle(rle).data);
      this.#settle(clicks, rle);
    } catch (error) {
      if (this.#asking === asking) this.#clicks = this.#settled.clicks;
      if (!isCancelled(error)) this.failed(error);
    } finally {
      if (this.#asking === asking) this.#asking = null;
      this.stage.dot(this.#clicks);
      this.changed();
    }
  }

  /** Takes the mask as it is now for a step of the history. @param {Click[]} clicks @param {Rle | null} rle */
  #settle(clicks, rle = null) {
    this.#past.push(this.#settled);
    this.#future = [];
    this.#settled = { runs: this.mask.runs(), clicks, rle };
    this.#clicks = clicks;
    this.#show();
    this.changed();
  }

  /** @param {Step[]} from @param {Step[]} to */
  #travel(from, to) {
    const step = from.pop();
    if (step === undefined) return;
    to.push(this.#settled);
    this.#settled = step;
    this.#clicks = step.clicks;
    this.mask.restore(step.runs);
    this.#show();
    this.changed();
  }

  #show() {
    this.stage.mark(this.mask, this.#clicks);
  }
}

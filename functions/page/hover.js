import { isCancelled } from "./api.js";

/** @import { Point2 } from "./mask.js" */

/** The slowest answer that is worth showing under the pointer, milliseconds. */
const SLOWEST = 150;
/** How long the pointer rests before it is asked about, milliseconds. */
const REST = 60;

/** Shows what a click would give while the pointer rests, where the decoder is quick. One request is under way at
 * most, and an answer for a place that the pointer has left is thrown away.
 * @template T */
export class Hover {
  /** Where the pointer is. @type {Point2 | null} */ #at = null;
  /** What is shown is an answer for this place. @type {Point2 | null} */
  #shown = null;
  /** @type {AbortController | null} */ #asking = null;
  #timer = 0;
  /** How long the last answer took, milliseconds; 0 since the last click, which gives the decoder another chance. */
  took = 0;

  /** @param {object} callbacks
   * @param {(at: Point2, signal: AbortSignal) => Promise<T>} callbacks.ask
   * @param {(answer: T | null) => void} callbacks.show
   * @param {(a: Point2, b: Point2) => boolean} callbacks.isNear */
  constructor(callbacks) {
    this.callbacks = callbacks;
  }

  get isShown() {
    return this.#shown !== null;
  }

  /** @param {Point2} at */
  move(at) {
    this.#at = at;
    if (this.#shown && !this.callbacks.isNear(this.#shown, at)) this.#hide();
    if (this.took > SLOWEST || this.#asking !== null) return;
    this.#wait();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = this.#at = null;
    this.#hide();
  }

  #hide() {
    if (this.#shown === null) return;
    this.#shown = null;
    this.callbacks.show(null);
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), REST);
  }

  async #ask() {
    const at = this.#at;
    if (at === null || this.#shown !== null) return;
    const asking = new AbortController();
    this.#asking = asking;
    const begun = performance.now();
    try {
      const answer = await this.callbacks.ask(at, asking.signal);
      if (asking.signal.aborted) return;
      this.took = performance.now() - begun;
      if (this.took > SLOWEST) return;
      if (this.#at && this.callbacks.isNear(at, this.#at)) {
        this.#shown = at;
        this.callbacks.show(answer);
      } else this.#wait();
    } catch (error) {
      // The next click says what is wrong.
      if (!isCancelled(error)) this.took = Infinity;
    } finally {
      if (this.#asking === asking) this.#asking = null;
    }
  }
}

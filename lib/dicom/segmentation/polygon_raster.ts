import type { Size } from "../../core/geometry.ts";
import { tooLarge } from "../data_set/data_set.ts";

/** Crossings of polygons with rows of pixels; those of real contours are about as many as their points. */
const MAX_CROSSINGS = 50_000_000;
/** Points are rounded to parts of a pixel, so that noise in their last digits does not fray an edge. */
const SNAP = 2 ** 16;
const NOISE = 1e-6;

/**
 * Draws polygons on a grid of pixels by the even-odd rule over all of them: a pixel is inside where a ray from its
 * centre crosses an odd number of edges. A polygon within another is a hole, and one within the hole is inside again.
 *
 * Every edge is noted where it crosses a row; sums along the rows then say what is inside. So the work is that of the
 * crossings and of the pixels, however many polygons there are.
 */
export class PolygonRaster {
  /** Height × (width + 1): what the crossings before each pixel add to the polygons around it, modulo 256. */
  readonly #crossings: Int8Array;
  readonly #size: Size;
  #left = MAX_CROSSINGS;

  constructor(size: Size) {
    this.#size = size;
    this.#crossings = new Int8Array(size.height * (size.width + 1));
  }

  /**
   * Begins a polygon of points in pixels: column and row, whole numbers at the pixels' centres.
   *
   * @param turn 1 or -1, the sign of its area, so that it counts as one around what is inside.
   * @returns what takes its points; `close` must follow.
   */
  polygon(turn: number) {
    let isBegun = false;
    let [x0, y0, x, y] = [0, 0, 0, 0];
    const add = (column: number, row: number) => {
      const [fromX, fromY] = [x, y];
      x = snap(column);
      y = snap(row);
      if (isBegun) this.#edge(fromX, fromY, x, y, turn);
      else [isBegun, x0, y0] = [true, x, y];
    };
    return { add, close: () => this.#edge(x, y, x0, y0, turn) };
  }

  /** One edge, on the rows from its upper end to before its lower end. */
  #edge(x0: number, y0: number, x1: number, y1: number, turn: number): void {
    if (y0 > y1) return this.#edge(x1, y1, x0, y0, -turn);
    const { width, height } = this.#size;
    const from = Math.max(0, Math.ceil(y0));
    const to = Math.min(height, Math.ceil(y1));
    if (from >= to) return;
    this.#left -= to - from;
    if (this.#left < 0) {
      throw tooLarge(
        `its contours cross rows of pixels more than ${MAX_CROSSINGS} times.`,
      );
    }
    const slope = (x1 - x0) / (y1 - y0);
    for (let y = from; y < to; y++) {
      const x = Math.ceil(x0 + (y - y0) * slope - NOISE);
      const column = x < 0 ? 0 : x > width ? width : x;
      this.#crossings[y * (width + 1) + column]! += turn;
    }
  }

  /** The mask, height × width, 0 or 255, and whether polygons lie over each other. */
  draw(): { data: Uint8Array; overlaps: boolean } {
    const { width, height } = this.#size;
    const data = new Uint8Array(width * height);
    let overlaps = false;
    for (let y = 0, at = 0, to = 0; y < height; y++, at++) {
      let around = 0;
      for (let x = 0; x < width; x++, at++, to++) {
        around += this.#crossings[at]!;
        if ((around & 1) !== 0) data[to] = 255;
        else if (around !== 0) overlaps = true;
      }
    }
    return { data, overlaps };
  }
}

const snap = (value: number) => Math.round(value * SNAP) / SNAP;

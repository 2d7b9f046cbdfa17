import { context2d } from "./dom.js";

/** @import { Look } from "./drawing.js" */
/** @import { Box, Mask } from "./mask.js" */

/** Half the width of the line around a mask, and of the dark one below it, CSS pixels. */
const [LINE, BELOW] = [1, 2.25];

/** A mask while it is painted: a picture of it as large as the canvas, of which each move draws a small box anew.
 * Its line is not smooth; once the brush is lifted, the outline is traced. */
export class Painting {
  #canvas = new OffscreenCanvas(1, 1);
  #context = context2d(this.#canvas);
  /** What has changed since it was drawn. @type {Box | null} */ #changed =
    null;
  #how = "";

  /** @param {Mask} mask */
  constructor(mask) {
    this.mask = mask;
  }

  /** @param {Box} box */
  add({ left, top, right, bottom }) {
    const old = this.#changed ?? { left, top, right, bottom };
    this.#changed = {
      left: Math.min(left, old.left),
      top: Math.min(top, old.top),
      right: Math.max(right, old.right),
      bottom: Math.max(bottom, old.bottom),
    };
  }

  /** @param {CanvasRenderingContext2D} target @param {[scale: number, x: number, y: number]} place in canvas pixels
   * @param {number} ratio canvas pixels per CSS pixel
   * @param {Look} look */
  draw(target, place, ratio, look) {
    const { width, height } = target.canvas;
    const how = JSON.stringify([place, ratio, look, width, height]);
    if (how !== this.#how) {
      this.#how = how;
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#changed = this.mask.box;
    }
    if (this.#changed !== null) {
      this.#update(this.#changed, place, ratio, look);
      this.#changed = null;
    }
    target.drawImage(this.#canvas, 0, 0);
  }

  /** @param {Box} box @param {[number, number, number]} place @param {number} ratio
   * @param {Look} look */
  #update(box, [scale, x, y], ratio, { colour, opacity, lines, filled }) {
    const { width, height, data } = this.mask;
    const [line, below] = [
      Math.max(1, Math.round(LINE * ratio)),
      Math.round(BELOW * ratio),
    ];
    const left = Math.max(0, Math.floor(box.left * scale + x) - below);
    const top = Math.max(0, Math.floor(box.top * scale + y) - below);
    const right = Math.min(
      this.#canvas.width,
      Math.ceil(box.right * scale + x) + below,
    );
    const bottom = Math.min(
      this.#canvas.height,
      Math.ceil(box.bottom * scale + y) + below,
    );
    if (left >= right || top >= bottom) return;
    // The mask at each canvas pixel of the box and around it.
    const stride = right - left + 2 * below;
    const columns = Int32Array.from(
      { length: stride },
      (_, k) => Math.floor((left - below + k + 0.5 - x) / scale),
    );
    const grid = new Uint8Array(stride * (bottom - top + 2 * below));
    for (let j = 0, at = 0; at < grid.length; j++) {
      const row = Math.floor((top - below + j + 0.5 - y) / scale);
      if (row < 0 || row >= height) {
        at += stride;
        continue;
      }
      for (let k = 0; k < stride; k++, at++) {
        const column = columns[k] ?? -1;
        if (column < 0 || column >= width) continue;
        grid[at] = data[row * width + column] ?? 0;
      }
    }
    const picture = new ImageData(right - left, bottom - top);
    const colours = new Uint32Array(picture.data.buffer);
    const rgb = Number.parseInt(colour.slice(1), 16);
    const bgr = (rgb & 255) << 16 | (rgb & 0xff00) | rgb >> 16;
    const edge = (255 << 24 | bgr) >>> 0;
    const opaque = filled ? Math.round(255 * opacity) : 0;
    const inside = (opaque << 24 | bgr) >>> 0;
    const differs = (/** @type {number} */ at, /** @type {number} */ gap) => {
      const value = grid[at];
      return grid[at - gap] !== value || grid[at + gap] !== value ||
        grid[at - gap * stride] !== value || grid[at + gap * stride] !== value;
    };
    for (let j = 0, to = 0; j < bottom - top; j++) {
      let at = (j + below) * stride + below;
      for (let k = left; k < right; k++, at++, to++) {
        if (lines && differs(at, line)) colours[to] = edge;
        else if (lines && differs(at, below)) colours[to] = 0x99000000;
        else if (grid[at] !== 0) colours[to] = inside;
      }
    }
    this.#context.putImageData(picture, left, top);
  }
}

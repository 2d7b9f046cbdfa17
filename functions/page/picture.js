import { context2d } from "./dom.js";

/** @import { Size } from "./api.js" */

/** How a picture is shown: the part of the grey range, in percent, that is spread from black to white, and how
 * much brighter the middle is, from -100 to 100.
 * @typedef {{window: number, level: number, brightness: number}} Tone */

/** @type {Readonly<Tone>} */
export const AS_IT_IS = { window: 100, level: 50, brightness: 0 };

/** Which of 256 values stands for each; null where all stand for themselves. @param {Tone} tone */
export function lookupOf({ window, level, brightness }) {
  if (window === 100 && level === 50 && brightness === 0) return null;
  const [low, width] = [(level - window / 2) / 100, window / 100];
  const exponent = 2 ** (-brightness / 50);
  return Uint8ClampedArray.from({ length: 256 }, (_, value) => {
    const part = Math.min(1, Math.max(0, (value / 255 - low) / width));
    return 255 * part ** exponent;
  });
}

/** A picture as it lies on the canvas. It is drawn from its many pixels only when it lies otherwise. */
export class Picture {
  /** @type {ImageBitmap | null} */ #drawn = null;
  #how = "";

  /** @param {ImageBitmap} bitmap owned by the picture from now on @param {Size} size which may be larger */
  constructor(bitmap, size) {
    this.bitmap = bitmap;
    this.size = size;
  }

  close() {
    this.bitmap.close();
    this.#drawn?.close();
  }

  /** @param {CanvasRenderingContext2D} target @param {[scale: number, x: number, y: number]} place in canvas pixels
   * @param {boolean} smooth @param {Tone} tone */
  draw(target, place, smooth, tone) {
    const { width, height } = target.canvas;
    const how = JSON.stringify([place, smooth, tone, width, height]);
    if (this.#drawn === null || how !== this.#how) {
      this.#drawn?.close();
      this.#drawn = this.#render(width, height, place, smooth, tone);
      this.#how = how;
    }
    target.drawImage(this.#drawn, 0, 0);
  }

  /** @param {number} width @param {number} height @param {[number, number, number]} place @param {boolean} smooth
   * @param {Tone} tone */
  #render(width, height, [scale, x, y], smooth, tone) {
    const canvas = new OffscreenCanvas(width, height);
    const context = context2d(canvas);
    context.setTransform(scale, 0, 0, scale, x, y);
    context.imageSmoothingEnabled = smooth;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.bitmap, 0, 0, this.size.width, this.size.height);
    const lookup = lookupOf(tone);
    if (lookup !== null) {
      const pixels = context.getImageData(0, 0, width, height);
      const { data } = pixels;
      for (let i = 0; i < data.length; i++) {
        if (i % 4 !== 3) data[i] = lookup[data[i] ?? 0] ?? 0;
      }
      context.putImageData(pixels, 0, 0);
    }
    return canvas.transferToImageBitmap();
  }
}

import { context2d } from "./dom.js";

/** @import { Rle } from "./api.js" */
/** @typedef {[number, number]} Point2 x, y in pixels of image space */

/** A binary mask in image space: 255 inside, 0 outside; height × width, row-major. */
export class Mask {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height);
  }

  /** Number of inside pixels. */
  get area() {
    let area = 0;
    for (const value of this.data) if (value !== 0) area++;
    return area;
  }

  /** Sets every pixel whose centre is within `radius` of the segment.
   * @param {Point2} from @param {Point2} to @param {number} radius pixels @param {number} value */
  stroke([x0, y0], [x1, y1], radius, value) {
    const r = Math.max(radius, 0.71);
    const [dx, dy] = [x1 - x0, y1 - y0];
    const length = dx * dx + dy * dy || 1;
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - r));
    const right = Math.min(this.width - 1, Math.ceil(Math.max(x0, x1) + r));
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - r));
    const bottom = Math.min(this.height - 1, Math.ceil(Math.max(y0, y1) + r));
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
        const t = Math.min(1, Math.max(0, (px * dx + py * dy) / length));
        const [ex, ey] = [px - t * dx, py - t * dy];
        if (ex * ex + ey * ey <= r * r) this.data[y * this.width + x] = value;
      }
    }
  }

  /** Sets every pixel whose centre is inside the polygon, by the even-odd rule. @param {Point2[]} ring */
  fill(ring) {
    for (let y = 0; y < this.height; y++) {
      const middle = y + 0.5;
      /** @type {number[]} */ const crossings = [];
      ring.forEach(([bx, by], i) => {
        const [ax, ay] = /** @type {Point2} */ (ring.at(i - 1));
        if ((ay <= middle) === (by <= middle)) return;
        crossings.push(ax + (bx - ax) * (middle - ay) / (by - ay));
      });
      crossings.sort((a, b) => a - b);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const [enter, leave] = /** @type {Point2} */ (
          crossings.slice(i, i + 2)
        );
        const from = Math.max(0, Math.ceil(enter - 0.5));
        const to = Math.min(this.width - 1, Math.ceil(leave - 1.5));
        if (from <= to) {
          this.data.fill(255, y * this.width + from, y * this.width + to + 1);
        }
      }
    }
  }

  /** Takes over the pixels of an encoded mask of the same size. @param {Rle} rle */
  set(rle) {
    this.data = Mask.fromRle(rle).data;
  }

  /** @returns {Rle} */
  toRle() {
    const { width, height, data } = this;
    /** @type {number[]} */ const runs = [];
    let [value, run] = [0, 0];
    for (let x = 0; x < width; x++) {
      for (let y = 0; y < height; y++) {
        if (data[y * width + x] !== value) {
          runs.push(run);
          [value, run] = [255 - value, 0];
        }
        run++;
      }
    }
    runs.push(run);
    let counts = "";
    runs.forEach((run, i) => {
      let rest = i > 2 ? run - (runs[i - 2] ?? 0) : run;
      for (let more = true; more;) {
        const bits = rest & 31;
        rest >>= 5;
        more = (bits & 16) !== 0 ? rest !== -1 : rest !== 0;
        counts += String.fromCharCode((more ? bits | 32 : bits) + 48);
      }
    });
    return { size: [height, width], counts };
  }

  /** The mask of an encoding that the server made, which is not validated. @param {Rle} rle */
  static fromRle({ size: [height, width], counts }) {
    const mask = new Mask(width, height);
    /** @type {number[]} */ const runs = [];
    let at = 0;
    for (let i = 0; i < counts.length;) {
      let [run, shift] = [0, 0];
      for (let more = true; more; shift += 5) {
        const bits = counts.charCodeAt(i++) - 48;
        run |= (bits & 31) << shift;
        more = (bits & 32) !== 0;
        if (!more && (bits & 16) !== 0) run |= -1 << (shift + 5);
      }
      if (runs.length > 2) run += runs.at(-2) ?? 0;
      if (runs.length % 2 === 1) {
        let [x, y] = [Math.floor(at / height), at % height];
        for (let k = 0; k < run; k++) {
          mask.data[y * width + x] = 255;
          if (++y === height) [x, y] = [x + 1, 0];
        }
      }
      at += run;
      runs.push(run);
    }
    return mask;
  }

  /** The outline between inside and outside pixels, where pixel (x, y) covers [x, x + 1] × [y, y + 1].
   * Corners are cut at 45°, which leaves every pixel's centre on its side. The rings are to be filled by the
   * even-odd rule.
   * @returns {Point2[][]} */
  outline() {
    const { width, height, data } = this;
    const stride = width + 1;
    /** @type {Map<number, number[]>} ends of the edges that start at a corner, the inside on their right */
    const edges = new Map();
    const add = (/** @type {number} */ from, /** @type {number} */ to) => {
      const ends = edges.get(from);
      if (ends === undefined) edges.set(from, [to]);
      else ends.push(to);
    };
    const first = data.indexOf(255);
    if (first < 0) return [];
    const top = Math.floor(first / width);
    const bottom = Math.floor(data.lastIndexOf(255) / width);
    for (let y = top; y <= bottom; y++) {
      for (let x = 0; x < width; x++) {
        const i = y * width + x;
        if (data[i] === 0) continue;
        const corner = y * stride + x;
        if (y === 0 || data[i - width] === 0) add(corner, corner + 1);
        if (x === width - 1 || data[i + 1] === 0) {
          add(corner + 1, corner + 1 + stride);
        }
        if (y === height - 1 || data[i + width] === 0) {
          add(corner + 1 + stride, corner + stride);
        }
        if (x === 0 || data[i - 1] === 0) add(corner + stride, corner);
      }
    }
    const rings = [];
    for (const [start, ends] of edges) {
      while (ends.length > 0) {
        /** @type {Point2[]} middles of the edges; corners are cut between them */
        const middles = [];
        let at = start;
        do {
          const next = /** @type {number} */ (edges.get(at)?.pop());
          const [x0, y0] = [at % stride, Math.floor(at / stride)];
          const [x1, y1] = [next % stride, Math.floor(next / stride)];
          middles.push([(x0 + x1) / 2, (y0 + y1) / 2]);
          at = next;
        } while (at !== start);
        rings.push(middles.filter(([x, y], i) => {
          const [px, py] = middles.at(i - 1) ?? [x, y];
          const [nx, ny] = middles[(i + 1) % middles.length] ?? [x, y];
          return (x - px) * (ny - y) !== (y - py) * (nx - x);
        }));
      }
    }
    return rings;
  }

  /** A PNG in white on black, as the server expects it. */
  async toPng() {
    const canvas = new OffscreenCanvas(this.width, this.height);
    const context = context2d(canvas);
    const picture = context.createImageData(this.width, this.height);
    new Uint32Array(picture.data.buffer).set(
      Uint32Array.from(this.data, (value) => value ? 0xffffffff : 0xff000000),
    );
    context.putImageData(picture, 0, 0);
    return await canvas.convertToBlob();
  }
}

import { context2d } from "./dom.js";

/** @import { Rle } from "./api.js" */
/** @typedef {[number, number]} Point2 x, y in pixels of image space */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Box of pixels, the ends exclusive */
/** Runs of pixels that an edit turned over: a first index, a length, and so on. @typedef {ArrayLike<number>} Flips */

/** Where lo ≤ k·x ≤ hi; empty ranges begin after their end.
 * @param {number} k @param {number} lo @param {number} hi @returns {[number, number]} */
function range(k, lo, hi) {
  if (k > 0) return [lo / k, hi / k];
  if (k < 0) return [hi / k, lo / k];
  return lo <= 0 && hi >= 0 ? [-Infinity, Infinity] : [Infinity, -Infinity];
}

/** Lengths of runs from their encoding. @param {string} counts */
export function runsOf(counts) {
  /** @type {number[]} */ const runs = [];
  for (let i = 0; i < counts.length;) {
    let [run, shift] = [0, 0];
    for (let more = true; more; shift += 5) {
      const bits = counts.charCodeAt(i++) - 48;
      run |= (bits & 31) << shift;
      more = (bits & 32) !== 0;
      if (!more && (bits & 16) !== 0) run |= -1 << (shift + 5);
    }
    if (runs.length > 2) run += runs.at(-2) ?? 0;
    runs.push(run);
  }
  return runs;
}

/** A binary mask in image space: 255 inside, 0 outside; height × width, row-major. */
export class Mask {
  /** Not yet taken. @type {number[]} */ #flips = [];

  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height);
  }

  /** Number of inside pixels. */
  get area() {
    const { data, box, width } = this;
    if (box === null) return 0;
    let area = 0;
    for (let i = box.top * width; i < box.bottom * width; i++) {
      if (data[i] !== 0) area++;
    }
    return area;
  }

  /** The smallest box around all inside pixels; null where there are none. @returns {Box | null} */
  get box() {
    const { width, data } = this;
    const first = data.indexOf(255);
    if (first < 0) return null;
    const top = Math.floor(first / width);
    const bottom = Math.floor(data.lastIndexOf(255) / width) + 1;
    let [left, right] = [width, 0];
    for (let row = top * width; row < bottom * width; row += width) {
      for (let x = 0; x < left; x++) if (data[row + x] !== 0) left = x;
      for (let x = width - 1; x >= right; x--) {
        if (data[row + x] !== 0) right = x + 1;
      }
    }
    return { left, top, right, bottom };
  }

  /** Sets the pixels from one index to another, and remembers those that change.
   * @param {number} from @param {number} to exclusive @param {number} value */
  #write(from, to, value) {
    const { data } = this;
    for (let i = from; i < to; i++) {
      if (data[i] === value) continue;
      const start = i;
      while (i < to && data[i] !== value) i++;
      data.fill(value, start, i);
      this.#flips.push(start, i - start);
    }
  }

  /** Turns pixels over, and so does or undoes an edit. @param {Flips} flips */
  flip(flips) {
    const { data } = this;
    for (let k = 0; k < flips.length; k += 2) {
      const from = flips[k] ?? 0;
      const to = from + (flips[k + 1] ?? 0);
      for (let i = from; i < to; i++) data[i] = 255 - (data[i] ?? 0);
    }
  }

  /** What has changed and was not taken yet. */
  get pending() {
    return this.#flips;
  }

  /** What has changed since this was last taken. */
  takeFlips() {
    const flips = this.#flips;
    this.#flips = [];
    return flips;
  }

  /** Sets every pixel whose centre is within `radius` of the segment.
   * @param {Point2} from @param {Point2} to @param {number} radius pixels @param {number} value
   * @returns {Box} what may have changed */
  stroke([x0, y0], [x1, y1], radius, value) {
    const { width, height } = this;
    const r = Math.max(radius, 0.71);
    const [dx, dy] = [x1 - x0, y1 - y0];
    const length = Math.hypot(dx, dy);
    /** @type {Point2[]} */ const ends = [[x0, y0], [x1, y1]];
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - r));
    const bottom = Math.min(height, Math.ceil(Math.max(y0, y1) + r));
    for (let y = top; y < bottom; y++) {
      const middle = y + 0.5;
      // The part of the row that is covered: by the discs at both ends, and by the rectangle between them.
      let [enter, leave] = [Infinity, -Infinity];
      const cover = (/** @type {number} */ from, /** @type {number} */ to) => {
        if (!(from <= to)) return;
        enter = Math.min(enter, from);
        leave = Math.max(leave, to);
      };
      for (const [cx, cy] of ends) {
        // Not a number where the disc ends above or below the row.
        const half = Math.sqrt(r * r - (middle - cy) ** 2);
        cover(cx - half, cx + half);
      }
      if (length > 0) {
        const h = middle - y0;
        const [a0, a1] = range(dy, h * dx - r * length, h * dx + r * length);
        const [b0, b1] = range(dx, -h * dy, length * length - h * dy);
        cover(x0 + Math.max(a0, b0), x0 + Math.min(a1, b1));
      }
      const from = Math.max(0, Math.ceil(enter - 0.5));
      const to = Math.min(width, Math.floor(leave + 0.5));
      if (from < to) this.#write(y * width + from, y * width + to, value);
    }
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - r));
    const right = Math.min(width, Math.ceil(Math.max(x0, x1) + r));
    return { left, top, right, bottom };
  }

  /** Sets every pixel whose centre is inside the polygon, by the even-odd rule. @param {Point2[]} ring */
  fill(ring) {
    const { width } = this;
    const rows = ring.map(([, y]) => y);
    const top = Math.max(0, Math.floor(Math.min(...rows)));
    const bottom = Math.min(this.height, Math.ceil(Math.max(...rows)));
    for (let y = top; y < bottom; y++) {
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
        const to = Math.min(width, Math.ceil(leave - 0.5));
        if (from < to) this.#write(y * width + from, y * width + to, 255);
      }
    }
  }

  clear() {
    this.#write(0, this.data.length, 0);
  }

  /** Takes over the pixels of an encoded mask of the same size. @param {Rle} rle */
  set(rle) {
    const other = Mask.fromRle(rle);
    if (other.width !== this.width || other.height !== this.height) {
      throw new RangeError(
        `Wanted a mask of ${this.width}×${this.height} pixels, and got ${other.width}×${other.height}.`,
      );
    }
    const [before, { data }] = [this.data, other];
    const boxes = [this.box, other.box].filter((box) => box !== null);
    const rows = boxes.flatMap(({ top, bottom }) => [top, bottom]);
    const end = Math.max(0, ...rows) * this.width;
    for (let i = Math.min(...rows) * this.width; i < end; i++) {
      if (data[i] === before[i]) continue;
      const start = i;
      while (i < end && data[i] !== before[i]) i++;
      this.#flips.push(start, i - start);
    }
    this.data = data;
  }

  /** @returns {Rle} */
  toRle() {
    const { width, height, data, box } = this;
    /** Where the value changes, column by column; twice at one place is not at all. @type {number[]} */
    const turns = [];
    if (box !== null) {
      const { left, top, right, bottom } = box;
      /** @type {number[][]} */
      const columns = Array.from({ length: right - left }, () => []);
      for (let y = top; y < bottom; y++) {
        columns.forEach((column, k) => {
          const i = y * width + left + k;
          const above = y > top ? data[i - width] : 0;
          if (data[i] !== above) column.push(y);
        });
      }
      columns.forEach((column, k) => {
        if (column.length % 2 === 1) column.push(bottom);
        for (const y of column) {
          const at = (left + k) * height + y;
          if (turns.at(-1) === at) turns.pop();
          else turns.push(at);
        }
      });
    }
    const total = width * height;
    if (turns.at(-1) !== total) turns.push(total);
    const runs = turns.map((at, i) => at - (turns[i - 1] ?? 0));
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
    return Mask.ofRuns(width, height, runsOf(counts));
  }

  /** The mask of lengths of runs, down one column after the other, the first one outside.
   * @param {number} width @param {number} height @param {number[]} runs */
  static ofRuns(width, height, runs) {
    const mask = new Mask(width, height);
    const { data } = mask;
    const turn = (/** @type {number} */ i) => data[i] = 255 - (data[i] ?? 0);
    let at = 0;
    let [left, top, right, bottom] = [width, height, 0, 0];
    runs.forEach((run, i) => {
      // The first pixel of the run in each column is marked, and the first below it.
      const end = i % 2 === 1 ? at + run : at;
      for (let from = at; from < end;) {
        const x = Math.floor(from / height);
        const y = from - x * height;
        const below = Math.min(height, end - x * height);
        turn(y * width + x);
        if (below < height) turn(below * width + x);
        [left, right] = [Math.min(left, x), x + 1];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, below)];
        from = x * height + below;
      }
      at += run;
    });
    for (let y = top + 1; y <= bottom && y < height; y++) {
      const row = y * width;
      for (let i = row + left; i < row + right; i++) {
        data[i] = (data[i] ?? 0) ^ (data[i - width] ?? 0);
      }
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
    const { box } = this;
    if (box === null) return [];
    for (let y = box.top; y < box.bottom; y++) {
      for (let x = box.left; x < box.right; x++) {
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
    const colours = new Uint32Array(picture.data.buffer);
    this.data.forEach((value, i) =>
      colours[i] = value === 0 ? 0xff000000 : 0xffffffff
    );
    context.putImageData(picture, 0, 0);
    return await canvas.convertToBlob();
  }
}

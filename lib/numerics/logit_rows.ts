import type { Axis } from "./bilinear.ts";

/** One axis of a chain of two bilinear resizes: low-res side → unpadded length → image length. */
export interface LogitAxis {
  first: Axis;
  second: Axis;
}

/** Image pixels from..to (exclusive) of one row: all of them positive, or to be examined one by one. */
export interface Span {
  from: number;
  to: number;
  isInside: boolean;
}

/**
 * Low-res logits resized twice, without the full maps. Every pixel is a convex combination of the logits under it:
 * where all of them are positive so is the pixel, and where none is, neither is the pixel. Only the remaining pixels
 * are computed one by one; their values equal those of the full maps bit for bit.
 */
export class LogitRows {
  readonly #across: Support;
  readonly #down: Support;
  /** For each low-res row, its first positive column and the one after its last; `side` and 0 where none is. */
  readonly #left: Int32Array;
  readonly #right: Int32Array;

  /** @param logits side × side, row-major. */
  constructor(
    readonly logits: Float32Array,
    readonly side: number,
    readonly vertical: LogitAxis,
    readonly horizontal: LogitAxis,
  ) {
    this.#across = supportOf(horizontal, side);
    this.#down = supportOf(vertical, side);
    this.#left = new Int32Array(side).fill(side);
    this.#right = new Int32Array(side);
    for (let y = 0; y < side; y++) {
      const row = y * side;
      let from = 0;
      while (from < side && !(logits[row + from] > 0)) from++;
      if (from === side) continue;
      let to = side;
      while (!(logits[row + to - 1] > 0)) to--;
      this.#left[y] = from;
      this.#right[y] = to;
    }
  }

  /**
   * Calls `visit` with every row that may hold a positive pixel and with its spans, both in ascending order, and with a
   * function that computes the row: it sets the pixels of the spans that are not inside, and no others.
   */
  visit(
    visit: (y: number, spans: Span[], values: () => Float64Array) => void,
  ): void {
    const { low, high } = this.#down;
    const { second } = this.vertical;
    const widened = pair(this.#across.low.length);
    const stretched = pair(this.horizontal.first.low.length);
    const middle = new Float64Array(this.horizontal.first.low.length);
    const out = new Float64Array(this.#across.low.length);
    let spans: Span[] = [];
    for (let y = 0; y < low.length; y++) {
      if (y === 0 || low[y] !== low[y - 1] || high[y] !== high[y - 1]) {
        spans = this.#spans(low[y], high[y]);
        widened.rows.fill(-1);
        stretched.rows.fill(-1);
      }
      if (spans.length === 0) continue;
      visit(y, spans, () => {
        const above = second.low[y];
        const below = second.high[y];
        const widen = (row: number) =>
          fill(
            widened,
            row,
            (to) => this.#widen(row, spans, stretched, middle, to),
          );
        const upper = widen(above);
        const lower = widen(below);
        const v = second.weight[y];
        for (const { from, to, isInside } of spans) {
          if (isInside) continue;
          for (let x = from; x < to; x++) {
            out[x] = (1 - v) * upper[x] + v * lower[x];
          }
        }
        return out;
      });
    }
  }

  /** A row in model space, stretched to the image's width, as far as the spans need it. */
  #widen(
    row: number,
    spans: Span[],
    stretched: Pair,
    middle: Float64Array,
    out: Float64Array,
  ): void {
    const { second } = this.horizontal;
    const down = this.vertical.first;
    const v = down.weight[row];
    const stretch = (row: number) =>
      fill(stretched, row, (to) => this.#stretch(row, spans, to));
    const upper = stretch(down.low[row]);
    const lower = stretch(down.high[row]);
    const { low, high, weight } = second;
    for (const { from, to, isInside } of spans) {
      if (isInside) continue;
      const end = high[to - 1];
      for (let x = low[from]; x <= end; x++) {
        middle[x] = (1 - v) * upper[x] + v * lower[x];
      }
      for (let x = from; x < to; x++) {
        const h = weight[x];
        out[x] = (1 - h) * middle[low[x]] + h * middle[high[x]];
      }
    }
  }

  /** A row of the logits, stretched to the width in model space, as far as the spans need it. */
  #stretch(row: number, spans: Span[], out: Float64Array): void {
    const { logits, side } = this;
    const { first, second } = this.horizontal;
    const { low, high, weight } = first;
    const at = row * side;
    for (const { from, to, isInside } of spans) {
      if (isInside) continue;
      const end = second.high[to - 1];
      for (let x = second.low[from]; x <= end; x++) {
        const h = weight[x];
        out[x] = (1 - h) * logits[at + low[x]] + h * logits[at + high[x]];
      }
    }
  }

  /** The spans of a row that depends on the low-res rows top..bottom, both included. */
  #spans(top: number, bottom: number): Span[] {
    const { logits, side } = this;
    let [from, to] = [side, 0];
    for (let y = top; y <= bottom; y++) {
      from = Math.min(from, this.#left[y]);
      to = Math.max(to, this.#right[y]);
    }
    const spans: Span[] = [];
    const { reaches, leaves, within, beyond } = this.#across;
    let end = 0; // the first pixel that no span covers yet
    const mixed = (start: number, stop: number) => {
      start = Math.max(start, end);
      if (start >= stop) return;
      const last = spans.at(-1);
      if (last !== undefined && !last.isInside && last.to === start) {
        last.to = stop;
      } else spans.push({ from: start, to: stop, isInside: false });
      end = stop;
    };
    for (let c = from; c < to;) {
      // A run of columns of one kind: positive in all rows, in some, in none.
      const kind = kindOf(logits, side, c, top, bottom);
      const first = c;
      do c++; while (
        c < to && kindOf(logits, side, c, top, bottom) === kind
      );
      if (kind === "none") continue;
      if (kind === "all") {
        const start = within[first];
        const stop = beyond[c - 1];
        if (start < stop) {
          mixed(reaches[first], start);
          spans.push({ from: start, to: stop, isInside: true });
          end = stop;
        }
      }
      mixed(reaches[first], leaves[c - 1]);
    }
    return spans;
  }
}

function kindOf(
  logits: Float32Array,
  side: number,
  column: number,
  top: number,
  bottom: number,
): "all" | "some" | "none" {
  let positive = 0;
  for (let y = top; y <= bottom; y++) {
    if (logits[y * side + column] > 0) positive++;
  }
  return positive === 0 ? "none" : positive > bottom - top ? "all" : "some";
}

/** Which inputs the outputs of a chain depend on. */
interface Support {
  /** For each output, the first and the last input. */
  low: Int32Array;
  high: Int32Array;
  /** For each input c, the outputs that depend on it: `reaches[c]` up to `leaves[c]`, exclusive. */
  reaches: Int32Array;
  leaves: Int32Array;
  /** The first output that depends on inputs ≥ c alone, and the one after the last that depends on inputs ≤ c alone. */
  within: Int32Array;
  beyond: Int32Array;
}

const known = new WeakMap<LogitAxis, Support>();

function supportOf(axis: LogitAxis, side: number): Support {
  const before = known.get(axis);
  if (before !== undefined) return before;
  const { first, second } = axis;
  const low = second.low.map((i) => first.low[i]);
  const high = second.high.map((i) => first.high[i]);
  /** For each input c, the first output that ends at c + `beyond` or later. */
  const firstFrom = (ends: Int32Array, beyond: 0 | 1) => {
    const found = new Int32Array(side);
    for (let c = 0, i = 0; c < side; c++) {
      while (i < ends.length && ends[i] < c + beyond) i++;
      found[c] = i;
    }
    return found;
  };
  const support = {
    low,
    high,
    reaches: firstFrom(high, 0),
    leaves: firstFrom(low, 1),
    within: firstFrom(low, 0),
    beyond: firstFrom(high, 1),
  };
  known.set(axis, support);
  return support;
}

/** Buffers for two rows of a stage, each with the index of the row in it, or −1. */
interface Pair {
  rows: Int32Array;
  data: [Float64Array, Float64Array];
}

function pair(length: number): Pair {
  return {
    rows: Int32Array.of(-1, -1),
    data: [new Float64Array(length), new Float64Array(length)],
  };
}

/** The buffer that holds a row, computed if neither does; consecutive rows go to different buffers. */
function fill(
  { rows, data }: Pair,
  row: number,
  make: (out: Float64Array) => void,
): Float64Array {
  const slot = row & 1;
  if (rows[slot] !== row) {
    make(data[slot]);
    rows[slot] = row;
  }
  return data[slot];
}

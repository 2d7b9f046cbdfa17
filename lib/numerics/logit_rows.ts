import type { Axis } from "./bilinear.ts";

/** One axis of a chain of two bilinear resizes: low-res side → unpadded length → image length. */
export interface LogitAxis {
  first: Axis;
  second: Axis;
}

/**
 * Visits the rows of low-res logits resized twice, as far as they can be positive: every pixel is a convex
 * combination of the logits under it, so that where none of those is positive, neither is the pixel. The values equal
 * those of building both maps in full, bit for bit; only four rows are held at a time.
 *
 * @param logits side × side, row-major.
 * @param visit called with every row y that may hold a positive value, in ascending order, and the columns from..to
 * (exclusive) of `values` that are set; all others are not positive.
 */
export function visitLogitRows(
  logits: Float32Array,
  side: number,
  vertical: LogitAxis,
  horizontal: LogitAxis,
  visit: (y: number, from: number, to: number, values: Float64Array) => void,
): void {
  const { first: rowsFirst, second: rowsSecond } = vertical;
  const { first: columnsFirst, second: columnsSecond } = horizontal;
  const middleWidth = columnsFirst.low.length;
  const width = columnsSecond.low.length;
  const { from: left, to: right } = positiveColumns(logits, side);

  // One row of each stage for each end of its vertical step, and which row of the stage before it holds.
  const stretched = pair(middleWidth);
  const widened = pair(width);
  const middle = new Float64Array(middleWidth);
  const values = new Float64Array(width);
  let range: Range = { from: 0, to: 0 };
  let middleRange: Range = range;
  let key = -1;

  const stretch = (row: number) =>
    fill(stretched, row, (out) => {
      const { low, high, weight } = columnsFirst;
      const at = row * side;
      for (let x = middleRange.from; x < middleRange.to; x++) {
        const h = weight[x];
        out[x] = (1 - h) * logits[at + low[x]] + h * logits[at + high[x]];
      }
    });
  const widen = (row: number) =>
    fill(widened, row, (out) => {
      const upper = stretch(rowsFirst.low[row]);
      const lower = stretch(rowsFirst.high[row]);
      const v = rowsFirst.weight[row];
      for (let x = middleRange.from; x < middleRange.to; x++) {
        middle[x] = (1 - v) * upper[x] + v * lower[x];
      }
      const { low, high, weight } = columnsSecond;
      for (let x = range.from; x < range.to; x++) {
        const h = weight[x];
        out[x] = (1 - h) * middle[low[x]] + h * middle[high[x]];
      }
    });

  for (let y = 0; y < rowsSecond.low.length; y++) {
    const [above, below] = [rowsSecond.low[y], rowsSecond.high[y]];
    const [top, bottom] = [rowsFirst.low[above], rowsFirst.high[below]];
    if (top * side + bottom !== key) {
      key = top * side + bottom;
      let [from, to] = [side, 0];
      for (let row = top; row <= bottom; row++) {
        from = Math.min(from, left[row]);
        to = Math.max(to, right[row]);
      }
      range = resting(columnsSecond, columnsFirst, from, to);
      middleRange = range.from < range.to
        ? {
          from: columnsSecond.low[range.from],
          to: columnsSecond.high[range.to - 1] + 1,
        }
        : range;
      stretched.rows.fill(-1);
      widened.rows.fill(-1);
    }
    if (range.from >= range.to) continue;
    const upper = widen(above);
    const lower = widen(below);
    const v = rowsSecond.weight[y];
    for (let x = range.from; x < range.to; x++) {
      values[x] = (1 - v) * upper[x] + v * lower[x];
    }
    visit(y, range.from, range.to, values);
  }
}

/** Indices from..to, `to` exclusive. */
interface Range {
  from: number;
  to: number;
}

/** Of each row, the first column that is positive and the one after the last; `side` and 0 where none is. */
function positiveColumns(logits: Float32Array, side: number) {
  const from = new Int32Array(side).fill(side);
  const to = new Int32Array(side);
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++, at++) {
      if (!(logits[at] > 0)) continue;
      if (from[y] === side) from[y] = x;
      to[y] = x + 1;
    }
  }
  return { from, to };
}

/** The outputs of the chain that rest on an input in from..to. */
function resting(second: Axis, first: Axis, from: number, to: number): Range {
  const length = second.low.length;
  if (from >= to) return { from: length, to: length };
  let start = 0;
  while (start < length && first.high[second.high[start]] < from) start++;
  let end = length;
  while (end > start && first.low[second.low[end - 1]] >= to) end--;
  return { from: start, to: end };
}

/** Two rows of a stage, each with the index of the row that it holds, or −1. */
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

/** The buffer that holds a row, made if it is in neither; consecutive rows go to different buffers. */
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

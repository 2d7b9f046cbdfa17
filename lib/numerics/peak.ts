import { type Axis, sampleBilinear } from "./bilinear.ts";

/** A chain of three bilinear resizes along one axis. */
export interface UpsampleAxis {
  /** grid → middle. */
  first: Axis;
  /** middle → model frame, cut to the unpadded length. */
  second: Axis;
  /** unpadded length → image frame. */
  third: Axis;
}

/** An image-frame pixel and the value of the map there. */
export interface Peak {
  x: number;
  y: number;
  value: number;
}

/**
 * The pixel at which a similarity map, resized bilinearly three times (grid → 4·grid → model frame,
 * cut to the unpadded area → image frame), is largest; the first in row-major order among equals.
 *
 * Nothing is built in full. Every image pixel is a convex combination of the few grid values under it, and of the
 * middle values under it, so the largest of those bounds it from above: pixels are grouped by the grid cell their
 * support starts in, and a group whose bound is below the best value found is never evaluated.
 *
 * @param map grid × grid, row-major.
 * @param grid columns of `map`.
 * @returns the peak in the image frame; the value equals the full computation bit for bit.
 */
export function findPeak(
  map: Float64Array,
  grid: number,
  vertical: UpsampleAxis,
  horizontal: UpsampleAxis,
): Peak {
  const rows = cells(vertical);
  const columns = cells(horizontal);

  const bounds = new Float64Array(rows.length * columns.length);
  let start = 0;
  for (let i = 0, at = 0; i < rows.length; i++) {
    for (let j = 0; j < columns.length; j++, at++) {
      let bound = -Infinity;
      for (let y = rows[i].low; y <= rows[i].high; y++) {
        for (let x = columns[j].low; x <= columns[j].high; x++) {
          const value = map[y * grid + x];
          if (value > bound) bound = value;
        }
      }
      bounds[at] = bound;
      if (bound > bounds[start]) start = at;
    }
  }

  const best: Peak = { x: -1, y: -1, value: -Infinity };
  // The margin covers the rounding of the convex combinations.
  const canHold = (bound: number) =>
    bound + 1e-12 * Math.abs(bound) >= best.value;
  const visit = (group: number) => {
    const row = rows[Math.floor(group / columns.length)];
    const column = columns[group % columns.length];
    const { first, second, third } = vertical;
    const across = horizontal;
    const middleWidth = column.middle.length;
    const middle = new Float64Array(row.middle.length * middleWidth);
    let bound = -Infinity;
    for (let y = 0, at = 0; y < row.middle.length; y++) {
      for (let x = 0; x < middleWidth; x++, at++) {
        const [i, j] = [column.middle.from + x, row.middle.from + y];
        middle[at] = sampleBilinear(map, grid, first, across.first, i, j);
        if (middle[at] > bound) bound = middle[at];
      }
    }
    if (!canHold(bound)) return;

    const modelWidth = column.model.length;
    const model = new Float64Array(row.model.length * modelWidth);
    for (let y = 0, at = 0; y < row.model.length; y++) {
      for (let x = 0; x < modelWidth; x++, at++) {
        model[at] = sampleBilinear(
          middle,
          middleWidth,
          second,
          across.second,
          column.model.from + x,
          row.model.from + y,
          column.middle.from,
          row.middle.from,
        );
      }
    }
    for (let y = row.from; y < row.to; y++) {
      for (let x = column.from; x < column.to; x++) {
        const value = sampleBilinear(
          model,
          modelWidth,
          third,
          across.third,
          x,
          y,
          column.model.from,
          row.model.from,
        );
        if (
          value > best.value ||
          value === best.value && (y < best.y || y === best.y && x < best.x)
        ) {
          best.value = value;
          best.x = x;
          best.y = y;
        }
      }
    }
  };
  visit(start);
  for (let group = 0; group < bounds.length; group++) {
    if (canHold(bounds[group])) visit(group);
  }
  return best;
}

/** A run of consecutive indices. */
interface Run {
  from: number;
  length: number;
}

/** Output pixels `from..to` whose support starts at grid index `low`, and all that they rest on, `high` included. */
interface Cell {
  low: number;
  high: number;
  middle: Run;
  model: Run;
  from: number;
  to: number;
}

const known = new WeakMap<UpsampleAxis, Cell[]>();

function cells(axis: UpsampleAxis): Cell[] {
  const before = known.get(axis);
  if (before !== undefined) return before;
  const { first, second, third } = axis;
  const found: Cell[] = [];
  for (let i = 0, from = 0; i < third.low.length; i++) {
    const lowOf = (i: number) => first.low[second.low[third.low[i]]];
    if (i + 1 < third.low.length && lowOf(i + 1) === lowOf(i)) continue;
    const run = (start: number, end: number) => (
      { from: start, length: end - start + 1 }
    );
    const model = run(third.low[from], third.high[i]);
    const middle = run(second.low[third.low[from]], second.high[third.high[i]]);
    found.push({
      low: lowOf(from),
      high: first.high[second.high[third.high[i]]],
      middle,
      model,
      from,
      to: i + 1,
    });
    from = i + 1;
  }
  known.set(axis, found);
  return found;
}

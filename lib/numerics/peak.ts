import { type Axis, sampleBilinear } from "./bilinear.ts";

/** A chain of three bilinear resizes along one axis. */
export interface UpsampleAxis {
  /** grid → middle. */
  first: Axis;
  /** middle → model space, cut to the unpadded length. */
  second: Axis;
  /** unpadded length → image space. */
  third: Axis;
}

/** A pixel in image space and the value of the map there. */
export interface Peak {
  x: number;
  y: number;
  value: number;
}

/**
 * The pixel at which a similarity map, resized bilinearly three times (grid → 4·grid → model space,
 * cut to the unpadded area → image space), is largest; the first in row-major order among equals.
 *
 * No map is built in full. Every image pixel is a convex combination of the few grid values under it, and of the
 * middle values under it, so the largest of those bounds it from above: pixels are grouped by the grid cell their
 * support starts in, and a group is only evaluated if it depends on a value not below the best one found.
 *
 * @param map grid × grid, row-major; with `exact`, upper bounds on the map's values.
 * @param grid columns of `map`.
 * @param exact computes the value of a patch.
 * @returns the peak in image space; the value equals that of the full computation bit for bit.
 */
export function findPeak(
  map: Float64Array,
  grid: number,
  vertical: UpsampleAxis,
  horizontal: UpsampleAxis,
  exact?: (patch: number) => number,
): Peak {
  const values = exact ? new Float64Array(map.length).fill(NaN) : map;
  const rows = cells(vertical);
  const columns = cells(horizontal);

  const best: Peak = { x: -1, y: -1, value: -Infinity };
  // The margin covers the rounding of the convex combinations.
  const canHold = (bound: number) =>
    bound + 1e-12 * Math.abs(bound) >= best.value;
  const visit = (row: Cell, column: Cell) => {
    const { first, second, third } = vertical;
    const across = horizontal;
    const middleWidth = column.middle.length;
    const middle = new Float64Array(row.middle.length * middleWidth);
    /** Fills `middle` from grid values or their bounds; returns whether the peak can depend on it. */
    const fillMiddle = (values: Float64Array): boolean => {
      let bound = -Infinity;
      for (let y = 0, at = 0; y < row.middle.length; y++) {
        for (let x = 0; x < middleWidth; x++, at++) {
          const [i, j] = [column.middle.from + x, row.middle.from + y];
          middle[at] = sampleBilinear(values, grid, first, across.first, i, j);
          if (middle[at] > bound) bound = middle[at];
        }
      }
      return canHold(bound);
    };
    if (!fillMiddle(map)) return;
    if (exact !== undefined) {
      for (let y = row.low; y <= row.high; y++) {
        for (let p = y * grid + column.low; p <= y * grid + column.high; p++) {
          if (Number.isNaN(values[p])) values[p] = exact(p);
        }
      }
      if (!fillMiddle(values)) return;
    }

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
  // First the cells that depend on the largest bound, then those that depend on a bound not below the best value.
  const isVisited = new Uint8Array(rows.length * columns.length);
  const visitAround = (patch: number) => {
    const y = Math.floor(patch / grid);
    const x = patch % grid;
    const [top, left] = [firstAt(rows, y), firstAt(columns, x)];
    for (let i = top; i < rows.length && rows[i].low <= y; i++) {
      for (let j = left; j < columns.length && columns[j].low <= x; j++) {
        if (isVisited[i * columns.length + j] === 0) {
          isVisited[i * columns.length + j] = 1;
          visit(rows[i], columns[j]);
        }
      }
    }
  };
  // Padding lies beyond these.
  const bottom = rows[rows.length - 1].high;
  const right = columns[columns.length - 1].high;
  let start = 0;
  for (let y = 0; y <= bottom; y++) {
    for (let p = y * grid; p <= y * grid + right; p++) {
      if (map[p] > map[start]) start = p;
    }
  }
  visitAround(start);
  for (let y = 0; y <= bottom; y++) {
    for (let p = y * grid; p <= y * grid + right; p++) {
      if (canHold(map[p])) visitAround(p);
    }
  }
  return best;
}

/** A run of consecutive indices. */
interface Run {
  from: number;
  length: number;
}

/** Output pixels from..to (exclusive) whose support starts at grid index `low`, and all that they depend on. */
interface Cell {
  low: number;
  /** The last grid index of their support. */
  high: number;
  middle: Run;
  model: Run;
  from: number;
  to: number;
}

/** The first cell that depends on index `at` or one beyond it. */
function firstAt(cells: Cell[], at: number): number {
  let i = Math.min(at, cells.length - 1);
  while (i > 0 && cells[i - 1].high >= at) i--;
  while (i < cells.length && cells[i].high < at) i++;
  return i;
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

import { type Axis, resizeBilinear, sampleBilinear } from "./bilinear.ts";

/** A chain of two bilinear resizes along one axis, the first one already applied by the caller. */
export interface UpsampleAxis {
  /** grid → middle (the first resize). */
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
 * Only the middle map is built. Every image pixel is a convex combination of the few middle values
 * under it, so the largest of those bounds it from above: pixels are grouped by the middle cell their
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
  const middle = resizeBilinear(map, grid, vertical.first, horizontal.first);
  const width = horizontal.first.low.length;
  const rows = supports(vertical);
  const columns = supports(horizontal);

  const bounds = new Float64Array(rows.length * columns.length);
  let start = 0;
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < columns.length; j++) {
      let bound = -Infinity;
      for (let y = rows[i].low; y <= rows[i].high; y++) {
        for (let x = columns[j].low; x <= columns[j].high; x++) {
          const value = middle[y * width + x];
          if (value > bound) bound = value;
        }
      }
      const at = i * columns.length + j;
      bounds[at] = bound;
      if (bound > bounds[start]) start = at;
    }
  }

  const best: Peak = { x: -1, y: -1, value: -Infinity };
  const visit = (group: number) => {
    const row = rows[Math.floor(group / columns.length)];
    const column = columns[group % columns.length];
    for (let y = row.from; y < row.to; y++) {
      for (let x = column.from; x < column.to; x++) {
        const value = sample(middle, width, vertical, horizontal, x, y);
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
    // The margin covers the rounding of the convex combinations.
    if (bounds[group] + 1e-12 * Math.abs(bounds[group]) >= best.value) {
      visit(group);
    }
  }
  return best;
}

/** Output pixels `from..to` whose support starts at middle index `low`; none reaches past `high`. */
interface Group {
  low: number;
  high: number;
  from: number;
  to: number;
}

function supports({ second, third }: UpsampleAxis): Group[] {
  const groups: Group[] = [];
  for (let i = 0; i < third.low.length; i++) {
    const low = second.low[third.low[i]];
    const high = second.high[third.high[i]];
    const last = groups.at(-1);
    if (last !== undefined && last.low === low) {
      last.to = i + 1;
      last.high = Math.max(last.high, high);
    } else {
      groups.push({ low, high, from: i, to: i + 1 });
    }
  }
  return groups;
}

/** The full-size map at an image pixel. */
function sample(
  middle: Float64Array,
  width: number,
  vertical: UpsampleAxis,
  horizontal: UpsampleAxis,
  x: number,
  y: number,
): number {
  const inModel = (x: number, y: number) =>
    sampleBilinear(middle, width, vertical.second, horizontal.second, x, y);
  const top = vertical.third.low[y];
  const bottom = vertical.third.high[y];
  const v = vertical.third.weight[y];
  const left = horizontal.third.low[x];
  const right = horizontal.third.high[x];
  const h = horizontal.third.weight[x];
  const upper = (1 - h) * inModel(left, top) + h * inModel(right, top);
  const lower = (1 - h) * inModel(left, bottom) + h * inModel(right, bottom);
  return (1 - v) * upper + v * lower;
}

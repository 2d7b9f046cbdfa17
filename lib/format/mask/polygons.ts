import type { MaskRuns } from "./runs.ts";

/** A closed ring of x, y vertices in image space; the last vertex joins the first. */
export type Ring = [number, number][];

/**
 * The outline of a mask, half-way between inside and outside pixels, where pixel (x, y) covers [x, x + 1] × [y, y +
 * 1]; corners are cut at 45°, so that every pixel's centre stays on its side. Holes are rings of their own: fill by
 * the even-odd rule.
 *
 * These are marching squares, on the ends of runs alone. The rings, their order and where they start are those of
 * d3-contour: cells are visited row by row, a ring is complete with its last segment and starts where that ends, and
 * each outer ring is followed by its holes.
 */
export function outline(runs: MaskRuns): Ring[] {
  const outer: Ring[][] = [];
  const holes: Ring[] = [];
  for (const ring of trace(march(runs))) {
    if (area(ring) > 0) outer.push([ring]);
    else holes.push(ring);
  }
  const boxes = holes.length > 0 ? outer.map(([ring]) => bounds(ring)) : [];
  for (const hole of holes) {
    const [x, y] = hole[0];
    const around = outer.findIndex(([ring], i) => {
      const { x0, y0, x1, y1 } = boxes[i];
      return x > x0 && x < x1 && y > y0 && y < y1 && contains(ring, x, y);
    });
    outer[around].push(hole);
  }
  return outer.flat();
}

const [LEFT, RIGHT, TOP, BOTTOM] = [0, 1, 2, 3];

/**
 * Start and end of each segment in a cell between four pixels, inside to its left, by which of them are inside: 1 the
 * lower left, 2 the lower right, 4 the upper right, 8 the upper left. Corners that touch stay apart.
 */
const CASES: number[][] = [
  [],
  [BOTTOM, LEFT],
  [RIGHT, BOTTOM],
  [RIGHT, LEFT],
  [TOP, RIGHT],
  [BOTTOM, LEFT, TOP, RIGHT],
  [TOP, BOTTOM],
  [TOP, LEFT],
  [LEFT, TOP],
  [BOTTOM, TOP],
  [LEFT, TOP, RIGHT, BOTTOM],
  [RIGHT, TOP],
  [LEFT, RIGHT],
  [BOTTOM, RIGHT],
  [LEFT, BOTTOM],
  [],
];

/** Directed segments between vertices in the middles of cell sides; coordinates are doubled. */
interface Segments {
  x: number[];
  y: number[];
  /** Of each vertex, the end of the segment that starts there. */
  next: number[];
  /** The end of each segment, in the order of the cells. */
  ends: number[];
}

function march({ width, height, rows, from, to }: MaskRuns): Segments {
  const [x, y, next, ends]: number[][] = [[], [], [], []];
  const vertex = (vx: number, vy: number) => {
    y.push(vy);
    next.push(-1);
    return x.push(vx) - 1;
  };
  const join = (start: number, end: number) => {
    next[start] = end;
    ends.push(end);
  };
  /** The pixel at which a row changes, `k` counting all beginnings and ends of runs. */
  const change = (k: number) => (k & 1) === 0 ? from[k >> 1] : to[k >> 1];

  const sides = [-1, -1, -1, -1];
  let tops: number[] = []; // vertices between the row before and this one, from the left
  for (let row = -1; row < height; row++) {
    // Cells between `row` and the next.
    let [above, endAbove] = row < 0
      ? [0, 0]
      : [2 * rows[row], 2 * rows[row + 1]];
    let [below, endBelow] = row + 1 < height
      ? [2 * rows[row + 1], 2 * rows[row + 2]]
      : [0, 0];
    const bottoms: number[] = [];
    const middle = 2 * row + 2;
    let top = 0;
    let left = -1; // the vertex that the cells so far leave open to the right
    let pixels = 0; // the left ones of the next cell, as in CASES
    while (above < endAbove || below < endBelow) {
      const upper = above < endAbove ? change(above) : width + 1;
      const lower = below < endBelow ? change(below) : width + 1;
      const at = Math.min(upper, lower);
      if (left >= 0 && x[left] < 2 * at - 1) {
        // Along the cells without a change, one segment.
        const end = vertex(2 * at - 1, middle);
        if (pixels === 8) join(left, end);
        else join(end, left);
        left = end;
      }
      let after = pixels;
      sides[LEFT] = left;
      if (upper === at) {
        above++;
        after ^= 8;
        sides[TOP] = tops[top++];
      }
      if (lower === at) {
        below++;
        after ^= 1;
        sides[BOTTOM] = vertex(2 * at, middle + 1);
        bottoms.push(sides[BOTTOM]);
      }
      left = after === 1 || after === 8 ? vertex(2 * at + 1, middle) : -1;
      sides[RIGHT] = left;
      const segments = CASES[pixels | (after & 1) << 1 | (after & 8) >> 1];
      for (let k = 0; k < segments.length; k += 2) {
        join(sides[segments[k]], sides[segments[k + 1]]);
      }
      pixels = after;
    }
    tops = bottoms;
  }
  return { x, y, next, ends };
}

/** The rings, without the vertices at which they go straight on. */
function trace({ x, y, next, ends }: Segments): Ring[] {
  const rings: Ring[] = [];
  const isDone = new Uint8Array(next.length);
  for (let k = ends.length - 1; k >= 0; k--) {
    if (isDone[ends[k]] !== 0) continue;
    // The last segment of a ring.
    const start = ends[k];
    const ring: Ring = [];
    let before = start;
    while (next[before] !== start) before = next[before];
    let at = start;
    do {
      isDone[at] = 1;
      const after = next[at];
      const turn = (x[at] - x[before]) * (y[after] - y[at]) -
        (y[at] - y[before]) * (x[after] - x[at]);
      if (turn !== 0) ring.push([x[at] / 2, y[at] / 2]);
      before = at;
      at = after;
    } while (at !== start);
    rings.push(ring);
  }
  return rings.reverse();
}

/** Twice the area; positive of an outer ring. */
function area(ring: Ring): number {
  let [px, py] = ring[ring.length - 1];
  let sum = 0;
  for (const [x, y] of ring) {
    sum += py * x - px * y;
    [px, py] = [x, y];
  }
  return sum;
}

function bounds(ring: Ring) {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of ring) {
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x);
    y1 = Math.max(y1, y);
  }
  return { x0, y0, x1, y1 };
}

/** Whether a point that is not on a ring is within it. */
function contains(ring: Ring, x: number, y: number): boolean {
  let isInside = false;
  let [px, py] = ring[ring.length - 1];
  for (const [qx, qy] of ring) {
    if ((qy > y) !== (py > y) && x < (px - qx) * (y - qy) / (py - qy) + qx) {
      isInside = !isInside;
    }
    [px, py] = [qx, qy];
  }
  return isInside;
}

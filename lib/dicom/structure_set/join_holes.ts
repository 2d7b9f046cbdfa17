/**
 * A closed ring of x, y vertices in pixels, where pixel (x, y) covers [x, x + 1] × [y, y + 1]. Each vertex lies between
 * an inside and an outside pixel that are side by side, half-way, and the inside is to the left: outer rings turn
 * counter-clockwise as seen on the screen, holes clockwise.
 */
export type Ring = readonly Point[];
type Point = readonly [x: number, y: number];

/** Pixels by which contours keep inside of the border. */
const INSET = 0.01;

/** A vertex of a ring, which becomes a list of vertices in a circle. */
interface Vertex {
  x: number;
  y: number;
  /** A little inside of the border. */
  inset: Point;
  next: Vertex;
}

/**
 * The outlines of a mask as contours without holes: each hole is joined to what is above it by a channel of no width,
 * straight up from its highest vertex (the keyhole technique, PS3.3 §C.8.8.6.3), through pixels of the structure alone.
 *
 * Readers that unite the contours of a plane (plastimatch, and so SlicerRT) would fill holes that are contours of their
 * own; those that exclude overlaps after rounding points to pixels (platipy) would widen them. A keyhole is read alike
 * by all. For those that round, contours also keep a hundredth of a pixel inside of the border, so that every point is
 * rounded to a pixel of the structure; the centres of pixels stay on their sides.
 *
 * @param rings of one mask, in any order.
 * @returns a contour for each outer ring, in the order of the rings.
 *
 * @example
 * ```ts
 * import { deepEqual } from "node:assert/strict";
 *
 * // The pixel at the origin.
 * const [contour] = joinHoles([[[0.5, 0], [0, 0.5], [0.5, 1], [1, 0.5]]]);
 * deepEqual(contour, [[0.5, 0.01], [0.01, 0.5], [0.5, 0.99], [0.99, 0.5]]);
 * ```
 */
export function joinHoles(rings: Ring[]): Ring[] {
  const starts = rings.map(circleOf);
  const holes = starts.filter((_, i) => isHole(rings[i]!)).map(highest);
  if (holes.length > 0) joinAll(starts, holes);
  return starts.filter((_, i) => !isHole(rings[i]!)).map(contourFrom);
}

/** The vertices of a ring, each with the one after it. */
function circleOf(ring: Ring): Vertex {
  const vertices = ring.map(([x, y]) => ({ x, y }) as Vertex);
  vertices.forEach((vertex, i) => {
    vertex.next = vertices[(i + 1) % vertices.length]!;
    vertex.inset = insetOf(vertex, vertex);
  });
  return vertices[0]!;
}

/** A point on an edge, named by the vertex at which that starts, moved to the left of the edge's direction. */
function insetOf(
  { x, y }: Omit<Vertex, "inset" | "next">,
  edge: Vertex,
): Point {
  const { next } = edge;
  return isBetweenRows(x)
    ? [x, y - INSET * Math.sign(next.x - edge.x)]
    : [x + INSET * Math.sign(next.y - edge.y), y];
}

/** Whether a vertex lies between two pixels of a column, over the middle of one, and not between two of a row. */
const isBetweenRows = (x: number) => !Number.isInteger(x);

/** Whether a ring turns clockwise, by its area. */
function isHole(ring: Ring): boolean {
  let [px, py] = ring[ring.length - 1]!;
  let sum = 0;
  for (const [x, y] of ring) {
    sum += px * y - x * py;
    [px, py] = [x, y];
  }
  return sum > 0;
}

function* verticesFrom(start: Vertex): Generator<Vertex> {
  let vertex = start;
  do {
    yield vertex;
    vertex = vertex.next;
  } while (vertex !== start);
}

/** The highest vertex, the leftmost of several; it lies over the middle of a pixel. */
function highest(start: Vertex): Vertex {
  let top = start;
  for (const vertex of verticesFrom(start)) {
    if ((top.y - vertex.y || top.x - vertex.x) > 0) top = vertex;
  }
  return top;
}

/** Cuts every hole open at its highest vertex, and joins it to the edge above. */
function joinAll(starts: Vertex[], holes: Vertex[]): void {
  const joints = edgesAbove(starts, holes).map(({ hole, edge, y }) => {
    const at = { x: hole.x, y };
    const cut: Vertex = { ...at, inset: insetOf(at, edge), next: edge.next };
    return { hole, edge, cut };
  });
  // Each is put at the beginning of its edge, so the one furthest along it comes first.
  const along = ({ edge, cut }: typeof joints[0]) => Math.abs(cut.x - edge.x);
  joints.sort((a, b) => along(b) - along(a));
  for (const { edge, cut } of joints) {
    cut.next = edge.next;
    edge.next = cut;
  }
  for (const { hole, cut } of joints) {
    const back = { ...cut };
    cut.next = { ...hole };
    hole.next = back;
  }
}

/** The edge next above the highest vertex of each hole, and where it passes over it. */
function edgesAbove(
  starts: Vertex[],
  holes: Vertex[],
): { hole: Vertex; edge: Vertex; y: number }[] {
  const columns = Map.groupBy(holes, ({ x }) => x);
  const edges = new Map<number, { edge: Vertex; y: number }[]>();
  for (const x of columns.keys()) edges.set(x, []);
  for (const start of starts) {
    for (const edge of verticesFrom(start)) {
      const slope = (edge.next.y - edge.y) / (edge.next.x - edge.x);
      const low = Math.min(edge.x, edge.next.x);
      const high = Math.max(edge.x, edge.next.x);
      // Of two edges that meet over the middle of a pixel, one has it.
      for (let x = Math.ceil(low - 0.5) + 0.5; x < high; x++) {
        edges.get(x)?.push({ edge, y: edge.y + (x - edge.x) * slope });
      }
    }
  }
  return [...columns].flatMap(([x, below]) => {
    const above = edges.get(x)!.sort((a, b) => a.y - b.y);
    let i = 0;
    return below.sort((a, b) => a.y - b.y).map((hole) => {
      while (above[i + 1]!.y < hole.y) i++;
      return { hole, ...above[i]! };
    });
  });
}

/** The vertices of a contour, without those that come twice in a row. */
function contourFrom(start: Vertex): Ring {
  const contour: Point[] = [];
  let last: Point = [NaN, NaN];
  for (const { inset } of verticesFrom(start)) {
    if (inset[0] !== last[0] || inset[1] !== last[1]) contour.push(inset);
    last = inset;
  }
  return contour;
}

/** @import { Click } from "./api.js" */
/** @import { Point2 } from "./mask.js" */
/** @import { ShownPolygon } from "./viewer.js" */
/** How a mask is shown: its colour as #rrggbb, its line, and its area.
 * @typedef {{colour: string, lines: boolean, filled: boolean, opacity: number}} Look */

// Everything is drawn in image space; `unit` is the length of a canvas or CSS pixel there.

export const OUTLINE = "#ffd23f";
const INSIDE = "#19c37d";
const OUTSIDE = "#ff5a5f";

/** A path of rings, to be filled by the even-odd rule. @param {Point2[][]} rings */
export function pathOf(rings) {
  const path = new Path2D();
  for (const ring of rings) {
    ring.forEach(([x, y], i) =>
      i === 0 ? path.moveTo(x, y) : path.lineTo(x, y)
    );
    path.closePath();
  }
  return path;
}

/** Strokes a path as a bright line on a dark one, to be seen on any image.
 * @type {(context: CanvasRenderingContext2D, path: Path2D, unit: number, colour?: string) => void} */
export function strokeOutline(context, path, unit, colour = OUTLINE) {
  context.lineJoin = "round";
  strokeLines(context, path, [[5 * unit, "#0009"], [2.5 * unit, colour]]);
}

/** @param {CanvasRenderingContext2D} context @param {Path2D} path
 * @param {[width: number, colour: string][]} lines from the lowest to the topmost */
function strokeLines(context, path, lines) {
  for (const [width, colour] of lines) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke(path);
  }
}

/** @param {CanvasRenderingContext2D} context @param {Path2D} path @param {number} unit @param {Look} look */
export function drawOutline(context, path, unit, look) {
  if (look.filled) {
    context.globalAlpha = look.opacity;
    context.fillStyle = look.colour;
    context.fill(path, "evenodd");
    context.globalAlpha = 1;
  }
  if (look.lines) strokeLine(context, path, unit, look.colour);
}

/** What a click would give. @param {CanvasRenderingContext2D} context @param {Path2D} path @param {number} unit */
export function drawPreview(context, path, unit) {
  context.fillStyle = "#ffffff26";
  context.fill(path, "evenodd");
  context.setLineDash([5 * unit, 4 * unit]);
  strokeLine(context, path, unit, "#fff");
  context.setLineDash([]);
}

/** A box that is being drawn.
 * @param {CanvasRenderingContext2D} context @param {Point2[]} corners @param {number} unit */
export function drawBox(context, corners, unit) {
  const path = new Path2D();
  for (const [x, y] of corners) path.lineTo(x, y);
  strokeLine(context, path, unit);
  for (const corner of corners) fillDisc(context, corner, 4 * unit, OUTLINE);
}

/** A polygon with its corners, and the line to the pointer while it grows. The corner that closes it is larger.
 * @param {CanvasRenderingContext2D} context @param {ShownPolygon} polygon @param {Point2 | null} cursor
 * @param {number} unit */
export function drawPolygon(
  context,
  { corners, closed, growing },
  cursor,
  unit,
) {
  const [first] = corners;
  if (first === undefined) return;
  const path = new Path2D();
  for (const [x, y] of corners) path.lineTo(x, y);
  if (closed) path.closePath();
  strokeLine(context, path, unit);
  const last = corners.at(-1);
  if (growing && cursor && last) {
    const rubber = new Path2D();
    rubber.moveTo(...last);
    rubber.lineTo(...cursor);
    context.setLineDash([6 * unit, 4 * unit]);
    strokeLine(context, rubber, unit);
    context.setLineDash([]);
  }
  for (const corner of corners) {
    const closes = growing && corner === first && corners.length > 2;
    fillDisc(context, corner, (closes ? 8 : 5.5) * unit, "#000a");
    fillDisc(context, corner, (closes ? 6.5 : 4.5) * unit, "#fff");
    fillDisc(context, corner, 3 * unit, OUTLINE);
  }
}

/** @param {CanvasRenderingContext2D} context @param {Path2D} path @param {number} unit @param {string} colour */
function strokeLine(context, path, unit, colour = OUTLINE) {
  context.lineJoin = "round";
  strokeLines(context, path, [[4.5 * unit, "#000a"], [2 * unit, colour]]);
}

/** A click: plus for inside, minus for outside.
 * @param {CanvasRenderingContext2D} context @param {Click} point @param {number} unit */
export function drawPoint(context, { x, y, label }, unit) {
  const [cx, cy] = [x + 0.5, y + 0.5];
  fillDisc(context, [cx, cy], 7.5 * unit, "#000a");
  fillDisc(context, [cx, cy], 6.5 * unit, "#fff");
  fillDisc(context, [cx, cy], 5 * unit, label === 1 ? INSIDE : OUTSIDE);
  context.beginPath();
  context.moveTo(cx - 2.7 * unit, cy);
  context.lineTo(cx + 2.7 * unit, cy);
  if (label === 1) {
    context.moveTo(cx, cy - 2.7 * unit);
    context.lineTo(cx, cy + 2.7 * unit);
  }
  context.lineWidth = 1.6 * unit;
  context.strokeStyle = "#fff";
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {Point2} centre @param {number} radius @param {string} colour */
export function fillDisc(context, [x, y], radius, colour) {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fillStyle = colour;
  context.fill();
}

/** The brush as a circle; a cross where `brush` is 0.
 * @param {CanvasRenderingContext2D} context @param {Point2} at @param {number} brush its radius
 * @param {number} unit */
export function drawCrosshair(context, [x, y], brush, unit) {
  const path = new Path2D();
  if (brush > 0) path.arc(x, y, Math.max(brush, 3 * unit), 0, 7);
  else {
    /** @type {Point2[]} */ const arms = [[1, 0], [-1, 0], [0, 1], [0, -1]];
    for (const [dx, dy] of arms) {
      path.moveTo(x + 4 * dx * unit, y + 4 * dy * unit);
      path.lineTo(x + 13 * dx * unit, y + 13 * dy * unit);
    }
  }
  strokeLines(context, path, [[3.5 * unit, "#000a"], [1.5 * unit, "#fff"]]);
}

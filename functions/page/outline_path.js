/** @import { Point2 } from "./mask.js" */

/**
 * A path of rings, to be filled by the even-odd rule.
 *
 * @param {Point2[][]} rings
 */
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

/**
 * Strokes a path as a bright line on a dark one, to be seen on any image.
 *
 * @param {CanvasRenderingContext2D} context whose transform scales from the path to pixels
 * @param {Path2D} path
 * @param {number} scale of that transform, so that the lines are equally wide at any scale
 */
export function strokeOutline(context, path, scale) {
  context.lineJoin = "round";
  strokeLines(context, path, [[5 / scale, "#0009"], [2.5 / scale, "#ffd23f"]]);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D} path
 * @param {[width: number, colour: string][]} lines from the lowest to the topmost
 */
export function strokeLines(context, path, lines) {
  for (const [width, colour] of lines) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke(path);
  }
}

import { context2d } from "./dom.js";
import { pathOf, strokeOutline } from "./drawing.js";
import { Mask } from "./mask.js";
import { measureOf } from "./records.js";

/** @import { Item } from "./item.js" */

/** Draws an image with the outlines of all its structures; null where the browser has no picture of it.
 * @param {Item} item @param {number} side its long side at most, pixels @param {{label: string, colour: string}[]} structures */
export async function drawOverlay(item, side, structures) {
  if (item.source === null) return null;
  const { width, height } = item.size;
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = context2d(canvas);
  context.imageSmoothingQuality = "high";
  const bitmap = await createImageBitmap(item.source);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  context.setTransform(scale, 0, 0, scale, 0, 0);
  for (const { label, colour } of structures) {
    const measure = measureOf(item, label);
    if (measure?.finding.rle == null || measure.missing) continue;
    const outline = Mask.fromRle(measure.finding.rle).outline();
    strokeOutline(context, pathOf(outline), 1 / scale, colour);
  }
  return canvas;
}

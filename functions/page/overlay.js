import { context2d, make } from "./dom.js";
import { pathOf, strokeOutline } from "./drawing.js";
import { Mask } from "./mask.js";
import { colourOf } from "./structures.js";

/** @import { Item } from "./item.js" */

/** Draws an image with outlines of its structures; null where the browser has no picture of it.
 * @param {Item} item @param {number} side its long side at most, pixels @param {string[]} labels of the structures
 * @param {number} [most] how many times larger it may become */
export async function drawOverlay(item, side, labels, most = 1) {
  if (item.source === null) return null;
  const { width, height } = item.size;
  const scale = Math.min(most, side / Math.max(width, height));
  const canvas = make("canvas", "");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = context2d(canvas);
  context.imageSmoothingQuality = "high";
  const bitmap = await createImageBitmap(item.source);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  context.setTransform(scale, 0, 0, scale, 0, 0);
  for (const label of labels) {
    const rle = item.findings.get(label)?.rle;
    if (!rle) continue;
    const path = pathOf(Mask.fromRle(rle).outline());
    strokeOutline(context, path, 1 / scale, colourOf(label));
  }
  return canvas;
}

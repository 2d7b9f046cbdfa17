import { preview } from "./api.js";

/** Long side of a thumbnail, pixels. */
const THUMB = 240;

/**
 * What the browser can show of an image file: the file itself, or the server's preview where the
 * browser knows no such format or would show 16 bits in another window than the model sees.
 *
 * @param {Blob} file @param {number} frame @param {AbortSignal} signal
 * @returns {Promise<{picture: Blob, frames: number}>}
 */
export async function showable(file, frame, signal) {
  const head = new Uint8Array(await file.slice(0, 132).arrayBuffer());
  const text = String.fromCharCode(...head);
  const isDicom = text.endsWith("DICM");
  const isTiff = /^(II\*\0|MM\0\*)/.test(text);
  const is16Bit = text.startsWith("\x89PNG") && head[24] === 16;
  if (isDicom || isTiff || is16Bit) return await preview(file, frame, signal);
  try {
    (await createImageBitmap(file)).close();
    return { picture: file, frames: 1 };
  } catch {
    return await preview(file, frame, signal);
  }
}

/** The format of the file in which masks of it are wanted, too; empty for a picture. @param {Blob} file @returns {Promise<import("./api.js").Source["format"]>} */
export async function formatOf(file) {
  if (await file.slice(128, 132).text() === "DICM") return "application/dicom";
  const head = new Uint8Array(await file.slice(0, 348).arrayBuffer());
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const isNifti = String.fromCharCode(...head.slice(344, 347)) === "n+1";
  return isGzip || isNifti ? "application/x-nifti" : "";
}

/** A small picture with an outline. @param {ImageBitmap} bitmap @param {Path2D | null} outline @param {{width: number, height: number}} size of the image frame */
export function drawThumb(bitmap, outline, size) {
  const canvas = document.createElement("canvas");
  const scale = THUMB / Math.max(size.width, size.height);
  canvas.width = Math.max(1, Math.round(size.width * scale));
  canvas.height = Math.max(1, Math.round(size.height * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (
    canvas.getContext("2d")
  );
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  if (outline) {
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.lineJoin = "round";
    for (
      const [width, colour]
        of /** @type {const} */ ([[5, "#0009"], [2.5, "#ffd23f"]])
    ) {
      context.lineWidth = width / scale;
      context.strokeStyle = colour;
      context.stroke(outline);
    }
  }
  return canvas;
}

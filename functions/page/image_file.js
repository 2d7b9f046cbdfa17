import { preview } from "./api.js";

/** @import { Source } from "./api.js" */

/**
 * A picture of an image file that the browser can show: the file itself, or the server's preview. The server
 * draws formats that the browser does not know, and 16 bits, which the browser would not window as the model
 * sees them.
 *
 * @param {Blob} file
 * @param {number} frame
 * @param {AbortSignal} signal
 * @returns {Promise<{picture: Blob, frames: number}>}
 */
export async function displayable(file, frame, signal) {
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

/**
 * The format in which the file's masks can be saved; empty where that is PNG alone.
 *
 * @param {Blob} file
 * @returns {Promise<Source["format"]>}
 */
export async function sourceFormatOf(file) {
  if (await file.slice(128, 132).text() === "DICM") return "application/dicom";
  const head = new Uint8Array(await file.slice(0, 348).arrayBuffer());
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const isNifti = String.fromCharCode(...head.slice(344, 347)) === "n+1";
  return isGzip || isNifti ? "application/x-nifti" : "";
}

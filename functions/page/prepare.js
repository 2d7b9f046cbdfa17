import { embed, preview, Problem, readFacts } from "./api.js";

/** @import { Source } from "./api.js" */
/** @import { Item } from "./item.js" */

/** Makes an item's embedding on the server and, at the same time, a picture that the browser can show.
 * @param {Item} item @param {AbortSignal} signal
 * @param {() => void} visible called once there is the picture */
export async function prepare(item, signal, visible = () => {}) {
  item.file = await decodeHeic(item.file);
  const source = (async () => {
    item.format = await sourceFormatOf(item.file);
    if (item.source === null) {
      const shown = await displayable(item.file, item.frame, signal);
      [item.source, item.frames] = [shown.picture, shown.frames];
    }
    visible();
  })();
  const embedding = (async () => {
    const made = await embed(item.file, item.frame, signal);
    item.embedding = made.id;
    item.size = made.image;
  })();
  const facts = (async () => {
    item.facts ??= await readFacts(item.file, signal);
  })();
  await Promise.all([source, embedding, facts]);
}

/** The first brands of HEIC files, ISO 23008-12 §10. */
const HEIC = /^....ftyp(hei[cxms]|hevc|hevx|mif1|msf1)/s;

/** The picture of a HEIC file as PNG where the browser can decode it, as Safari does, so that the server need not;
 * any other file as it is.
 * @param {Blob} file @returns {Promise<Blob>} */
async function decodeHeic(file) {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  if (!HEIC.test(String.fromCharCode(...head))) return file;
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap === null) return file;
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context === null ? file : await canvas.convertToBlob();
}

/** Runs a step with the id of an item's embedding; an embedding that has expired is made again.
 * @template T @param {Item} item @param {AbortSignal} signal @param {(id: string) => Promise<T>} step */
export async function withEmbedding(item, signal, step) {
  try {
    return await step(item.embedding);
  } catch (error) {
    const isGone = error instanceof Problem && error.code === "not-found";
    if (!isGone) throw error;
    item.embedding = (await embed(item.file, item.frame, signal)).id;
    return await step(item.embedding);
  }
}

/** A picture of an image file that the browser can show: the file itself, or the server's preview. The server
 * draws formats that the browser does not know, and 16 bits, which the browser would not window as the model
 * sees them.
 * @param {Blob} file @param {number} frame @param {AbortSignal} signal
 * @returns {Promise<{picture: Blob, frames: number}>} */
async function displayable(file, frame, signal) {
  const head = new Uint8Array(await file.slice(0, 132).arrayBuffer());
  const text = String.fromCharCode(...head);
  const isDicom = text.endsWith("DICM");
  const isTiff = /^(II[*+]\0|MM\0[*+])/.test(text);
  const is16Bit = text.startsWith("\x89PNG") && head[24] === 16;
  const bitmap = isDicom || isTiff || is16Bit
    ? null
    : await createImageBitmap(file).catch(() => null);
  if (bitmap === null) return await preview(file, frame, signal);
  bitmap.close();
  return { picture: file, frames: 1 };
}

/** The format in which the file's masks can be saved; empty where that is PNG alone.
 * @param {Blob} file @returns {Promise<Source["format"]>} */
async function sourceFormatOf(file) {
  if (await file.slice(128, 132).text() === "DICM") return "application/dicom";
  const head = new Uint8Array(await file.slice(0, 348).arrayBuffer());
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const text = String.fromCharCode(...head);
  const isNifti = text.startsWith("n+1\0", 344) || text.startsWith("n+2\0", 4);
  const isOther = /^(NRRD000|ObjectType\s*=\s*Image\b|NDims\s*=)/.test(text);
  return isGzip || isNifti || isOther ? "application/x-nifti" : "";
}

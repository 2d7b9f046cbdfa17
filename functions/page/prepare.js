import { embed, preview, Problem, readFacts } from "./api.js";
import { hasDeepPixels, scaleDown } from "./full_size.js";

/** @import { Item } from "./item.js" */

/** Formats in whose place masks can be saved, by that of the image. @type {Record<string, Item["format"]>} */
const SOURCE_FORMATS = {
  "application/dicom": "application/dicom",
  "application/x-nifti": "application/x-nifti",
  "application/x-nrrd": "application/x-nifti",
  "application/x-metaimage": "application/x-nifti",
};

/** Makes an item's embedding on the server and, at the same time, a picture that the browser can show.
 * @param {Item} item @param {AbortSignal} signal
 * @param {() => void} visible called once there is the picture */
export async function prepare(item, signal, visible = () => {}) {
  item.facts ??= await readFacts(item.file, signal);
  item.format = SOURCE_FORMATS[item.facts.format] ?? "";
  item.file = await decodeHeic(item.file);
  await scaleDown(item);
  const source = (async () => {
    if (item.source === null) {
      const shown = await displayable(item, signal);
      [item.source, item.frames] = [shown.picture, shown.frames];
    }
    visible();
  })();
  const embedding = (async () => {
    const made = await embed(item.file, item.frame, signal);
    item.embedding = made.id;
    item.size = made.image;
  })();
  await Promise.all([source, embedding]);
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
    item.embedding ||= (await embed(item.file, item.frame, signal)).id;
    return await step(item.embedding);
  } catch (error) {
    const isGone = error instanceof Problem && error.code === "not-found";
    if (!isGone) throw error;
    item.embedding = (await embed(item.file, item.frame, signal)).id;
    return await step(item.embedding);
  }
}

/** Formats that the server draws: the browser does not know them, or takes a file of another for one. */
const DRAWN_BY_SERVER = ["application/dicom", "image/tiff"];

/** A picture of an item that the browser can show: its file itself, or the server's preview.
 * @param {Item} item @param {AbortSignal} signal @returns {Promise<{picture: Blob, frames: number}>} */
async function displayable({ file, frame, facts }, signal) {
  const isDrawn = DRAWN_BY_SERVER.includes(facts?.format ?? "") ||
    await hasDeepPixels(file);
  const bitmap = isDrawn
    ? null
    : await createImageBitmap(file).catch(() => null);
  if (bitmap === null) return await preview(file, frame, signal);
  bitmap.close();
  return { picture: file, frames: 1 };
}

import * as api from "./api.js";
import { Mask, pathOf } from "./mask.js";
import { formatOf, showable } from "./image_file.js";
import { stage } from "./session.js";

/** @typedef {import("./item.js").Item} Item */

/** Makes an image's embedding, and what can be shown of it. @param {Item} item @param {AbortSignal} signal @param {() => void} visible */
export async function prepare(item, signal, visible = () => {}) {
  const source = (async () => {
    item.format = await formatOf(item.file);
    if (item.source === null) {
      const shown = await showable(item.file, item.frame, signal);
      [item.source, item.frames] = [shown.picture, shown.frames];
    }
    visible();
  })();
  const embedding = (async () => {
    const made = await api.embed(item.file, item.frame, signal);
    item.embedding = made.id;
    item.size = made.image;
  })();
  await Promise.all([source, embedding]);
}

/** Runs a step with the embedding's id; one that has expired meanwhile is made again. @template T @param {Item} item @param {AbortSignal} signal @param {(id: string) => Promise<T>} step */
export async function withEmbedding(item, signal, step) {
  try {
    return await step(item.embedding);
  } catch (error) {
    if (!(error instanceof api.Problem && error.code === "not-found")) {
      throw error;
    }
    item.embedding = (await api.embed(item.file, item.frame, signal)).id;
    return await step(item.embedding);
  }
}

/** @param {Item} item */
export async function drawTile(item) {
  if (item.source === null) return;
  const bitmap = await createImageBitmap(item.source);
  const outline = item.rle && pathOf(Mask.fromRle(item.rle).outline());
  item.tile.picture(bitmap, outline, item.size);
  bitmap.close();
}

/** @param {Item} item @param {boolean} exact whether its size is known @param {() => boolean} wanted whether it is still to be shown, once it is decoded */
export async function showPicture(item, exact, wanted = () => true) {
  if (item.source === null) return;
  const bitmap = await createImageBitmap(item.source);
  if (!wanted()) return bitmap.close();
  stage.show(bitmap, exact ? item.size : bitmap);
}

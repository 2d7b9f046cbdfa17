import { embed, Problem } from "./api.js";
import { displayable, sourceFormatOf } from "./image_file.js";

/** @import { Item } from "./item.js" */

/**
 * Makes an item's embedding on the server and, at the same time, a picture that the browser can show.
 *
 * @param {Item} item
 * @param {AbortSignal} signal
 * @param {() => void} visible called once there is the picture
 */
export async function prepare(item, signal, visible = () => {}) {
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
  await Promise.all([source, embedding]);
}

/**
 * Runs a step with the id of an item's embedding; an embedding that has expired is made again.
 *
 * @template T
 * @param {Item} item
 * @param {AbortSignal} signal
 * @param {(id: string) => Promise<T>} step
 */
export async function withEmbedding(item, signal, step) {
  try {
    return await step(item.embedding);
  } catch (error) {
    if (!(error instanceof Problem && error.code === "not-found")) {
      throw error;
    }
    item.embedding = (await embed(item.file, item.frame, signal)).id;
    return await step(item.embedding);
  }
}

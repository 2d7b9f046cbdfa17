import { isCancelled, segment } from "./api.js";
import { byId, html } from "./dom.js";
import { createItem } from "./item.js";
import { drawTile, prepare, withEmbedding } from "./prepare.js";
import { patient, say, session } from "./session.js";
import { choose, render } from "./render.js";

/** @typedef {import("./item.js").Item} Item */

/** What segments the waiting images. @type {AbortController | null} */
let segmenting = null;

/** @param {string} name */
const nameOf = (name) => name.replace(/(\.nii)?\.[^.]{1,5}$/, "");
/** @param {File} file */
export const itemOf = (file) =>
  createItem(file, nameOf(file.name), false, choose);

/** Takes the other frames out of an item's file, once. @param {Item} item */
export function otherFrames(item) {
  const { file, name, frame, frames, whole } = item;
  item.whole = false;
  if (!whole || frames < 2) return [];
  const named = (/** @type {number} */ i) => `${name}_${i + 1}`;
  item.name = named(frame);
  const others = Array.from({ length: frames }, (_, i) => i);
  others.splice(frame, 1);
  return others.map((i) => {
    const other = createItem(file, named(i), false, choose);
    return Object.assign(other, { frame: i, whole: false });
  });
}

/** @param {Iterable<File>} files @returns {File[]} */
export const inOrder = (files) =>
  [...files].sort((a, b) =>
    a.name.localeCompare(b.name, "en", { numeric: true })
  );

/** @param {File[]} files */
export function addImages(files) {
  session.following = true;
  queue(files.map(itemOf));
}

/** @param {Item[]} added */
export function queue(added) {
  session.items.push(...added);
  render();
  if (segmenting === null) segmentWaiting();
}

async function segmentWaiting() {
  segmenting = new AbortController();
  session.segmenting = true;
  const started = performance.now();
  let done = 0;
  const next = () => session.items.find(({ state }) => state === "waiting");
  for (let item = next(); item !== undefined; item = next()) {
    const rest = session.items.filter(({ state }) =>
      state === "waiting"
    ).length;
    const each = (performance.now() - started) / done / 1000;
    const time = done > 0 ? `, about ${Math.ceil(each * rest)} s left` : "";
    html("film-text").textContent = `Image ${done + 1} of ${
      done + rest
    }${time}`;
    const bar = byId("film-progress", HTMLProgressElement);
    bar.max = done + rest;
    if (done > 0) bar.value = done;
    else bar.removeAttribute("value");
    await segmentItem(item, segmenting.signal);
    done++;
    if (session.following) await choose(item, true);
    render();
  }
  segmenting = null;
  session.segmenting = false;
  render();
  const failed = session.items.filter(({ state }) => state === "failed").length;
  say(`Done.${failed > 0 ? ` ${failed} images failed.` : ""}`);
}

/** @param {Item} item @param {AbortSignal} signal */
async function segmentItem(item, signal) {
  const doing = (/** @type {string} */ text) => {
    item.state = "working";
    item.doing = text;
    render();
  };
  try {
    doing("Reading");
    await prepare(item, signal);
    const at = session.items.indexOf(item) + 1;
    session.items.splice(at, 0, ...otherFrames(item));
    await drawTile(item);
    doing("Searching");
    item.answer = await withEmbedding(
      item,
      signal,
      (id) => segment(patient(), session.label, id, signal),
    );
    const { mask: { size, counts, area } } = item.answer;
    item.rle = { size, counts };
    item.area = area;
    item.corrected = false;
    item.error = null;
    item.state = "done";
    await drawTile(item);
  } catch (error) {
    item.error = error;
    item.state = isCancelled(error) ? "cancelled" : "failed";
  }
}

export function cancelSegmenting() {
  if (segmenting === null) return;
  segmenting.abort(new DOMException("Cancelled", "AbortError"));
  // What is added from now on is not cancelled.
  segmenting = new AbortController();
  for (const item of session.items) {
    if (item.state === "waiting") item.state = "cancelled";
  }
  render();
}

import { isCancelled, segment } from "./api.js";
import { byId, html } from "./dom.js";
import { drawTile, Item } from "./item.js";
import { announce } from "./messages.js";
import { prepare, withEmbedding } from "./prepare.js";
import { render, selectItem } from "./render.js";
import { patient, session } from "./session.js";

/** Cancels the segmentation of the waiting images. @type {AbortController | null} */
let segmenting = null;

/** An item named like its file, without the extension. @param {File} file */
export function itemOf(file) {
  const name = file.name.replace(/(\.nii)?\.[^.]{1,5}$/, "");
  return new Item(file, name, false, selectItem);
}

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
    const other = new Item(file, named(i), false, selectItem);
    return Object.assign(other, { frame: i, whole: false });
  });
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
    showProgress(done, started);
    await segmentItem(item, segmenting.signal);
    done++;
    if (session.following) await selectItem(item, true);
    render();
  }
  segmenting = null;
  session.segmenting = false;
  render();
  const failed = session.items.filter(({ state }) => state === "failed").length;
  const failures = failed === 1 ? "1 image" : `${failed} images`;
  announce(`Done.${failed > 0 ? ` ${failures} failed.` : ""}`);
}

/** @param {number} done @param {number} started milliseconds */
function showProgress(done, started) {
  const waiting = session.items.filter(({ state }) => state === "waiting");
  const total = done + waiting.length;
  const each = (performance.now() - started) / done / 1000;
  const left = Math.ceil(each * waiting.length);
  html("filmstrip-text").textContent = `Image ${done + 1} of ${total}` +
    (done > 0 ? `, about ${left} s left` : "");
  const bar = byId("filmstrip-progress", HTMLProgressElement);
  bar.max = total;
  if (done > 0) bar.value = done;
  else bar.removeAttribute("value");
}

/** @param {Item} item @param {AbortSignal} signal */
async function segmentItem(item, signal) {
  const begin = (/** @type {string} */ activity) => {
    item.state = "working";
    item.activity = activity;
    render();
  };
  try {
    begin("Reading");
    await prepare(item, signal);
    const after = session.items.indexOf(item) + 1;
    session.items.splice(after, 0, ...otherFrames(item));
    await drawTile(item);
    begin("Segmenting");
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
  // Images that are added from now on are not cancelled.
  segmenting = new AbortController();
  for (const item of session.items) {
    if (item.state === "waiting") item.state = "cancelled";
  }
  render();
}

import { isCancelled, segment } from "./api.js";
import { byId, html } from "./dom.js";
import { drawTile, Item } from "./item.js";
import { announce } from "./messages.js";
import { prepare, withEmbedding } from "./prepare.js";
import { render, selectItem } from "./render.js";
import { changed, patient, session } from "./session.js";
import { enrolledStructures } from "./structures.js";

/** @import { Finding } from "./item.js" */

/** Cancels the segmentation of the waiting images. @type {AbortController | null} */
let segmenting = null;

/** An item named like its file, without the extension. @param {File} file */
export function itemOf(file) {
  const name = file.name.replace(/(\.nii)?\.[^.]{1,5}$/, "");
  return new Item(file, name);
}

/** Takes the other frames out of an item's file, once. @param {Item} item */
export function otherFrames(item) {
  const { file, name, frame, frames, facts, whole } = item;
  item.whole = false;
  if (!whole || frames < 2) return [];
  const named = (/** @type {number} */ i) => `${name}_${i + 1}`;
  item.name = named(frame);
  const others = Array.from({ length: frames }, (_, i) => i);
  others.splice(frame, 1);
  return others.map((i) => {
    const other = new Item(file, named(i));
    return Object.assign(other, { frame: i, facts, whole: false });
  });
}

/** @param {Item[]} added */
export function queue(added) {
  session.items.push(...added);
  for (const item of added) changed(item);
  render();
  if (segmenting === null) segmentWaiting();
}

async function segmentWaiting() {
  segmenting = new AbortController();
  session.segmenting = true;
  const started = performance.now();
  let done = 0;
  const next = () => session.items.find(isWaiting);
  for (let item = next(); item !== undefined; item = next()) {
    showProgress(done, started);
    await segmentItem(item, segmenting.signal);
    done++;
    if (session.following) await selectItem(item, true);
    changed(item);
  }
  segmenting = null;
  session.segmenting = false;
  render();
  const failed = session.items.filter(({ state }) => state === "failed").length;
  const failures = failed === 1 ? "1 image" : `${failed} images`;
  announce(`Done.${failed > 0 ? ` ${failures} failed.` : ""}`);
}

/** @param {Item} item */
const isWaiting = ({ overall }) => overall === "waiting";

/** @param {number} done @param {number} started milliseconds */
function showProgress(done, started) {
  const waiting = session.items.filter(isWaiting);
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
    item.overall = "working";
    item.activity = activity;
    render();
  };
  try {
    begin("Reading");
    await prepare(item, signal);
    const after = session.items.indexOf(item) + 1;
    const others = otherFrames(item);
    session.items.splice(after, 0, ...others);
    for (const other of others) changed(other);
    await drawTile(item);
    begin("Segmenting");
    for (const { label } of enrolledStructures()) {
      if (isKnown(item.findings.get(label))) continue;
      await segmentStructure(item, label, signal);
    }
    item.failure = null;
    item.overall = "done";
    await drawTile(item);
  } catch (error) {
    item.failure = error;
    item.overall = isCancelled(error) ? "cancelled" : "failed";
  }
}

/** Whether a structure needs not be looked for again. @param {Finding | undefined} finding */
const isKnown = (finding) =>
  finding !== undefined && finding.rle !== null && finding.error === null;

/** Looks for a structure in an item whose embedding is made. A refusal is kept with the structure, so that the others
 * are looked for all the same.
 * @param {Item} item @param {string} label @param {AbortSignal} signal */
async function segmentStructure(item, label, signal) {
  const finding = item.findingOf(label);
  try {
    const answer = await withEmbedding(
      item,
      signal,
      (id) => segment(patient(), label, id, signal),
    );
    const { mask: { size, counts, area } } = answer;
    const rle = { size, counts };
    Object.assign(finding, {
      answer,
      rle,
      area,
      corrected: false,
      error: null,
    });
  } catch (error) {
    if (isCancelled(error)) {
      if (finding.rle === null) item.findings.delete(label);
      throw error;
    }
    finding.error = error;
  }
}

export function cancelSegmenting() {
  if (segmenting === null) return;
  segmenting.abort(new DOMException("Cancelled", "AbortError"));
  // Images that are added from now on are not cancelled.
  segmenting = new AbortController();
  for (const item of session.items) {
    if (item.overall === "waiting") item.overall = "cancelled";
  }
  render();
}

import { isCancelled, segment } from "./api.js";
import { acceptReferences, doubtfulReferences } from "./doubts.js";
import { drawTile, Item } from "./item.js";
import { announce, counted } from "./messages.js";
import { withoutEnding } from "./names.js";
import { addInOrder } from "./order.js";
import { isPassing, patiently } from "./patience.js";
import { prepare, withEmbedding } from "./prepare.js";
import { hasFailed, isWaiting, run } from "./progress.js";
import { changed, patient, render, session } from "./session.js";
import { selectItem } from "./stage.js";
import { enrolledStructures } from "./structures.js";

/** @import { ImageFacts } from "./api.js" */
/** @import { Found } from "./intake.js" */
/** @import { Finding } from "./item.js" */

/** Cancels the segmentation of the waiting images. @type {AbortController | null} */
let segmenting = null;

/** An item named like its file, without the ending.
 * @param {Found} found @param {ImageFacts | null} facts null where they are not known yet */
export function itemOf({ file, path }, facts) {
  const item = new Item(file, withoutEnding(file.name));
  return Object.assign(item, { path, facts, frames: facts?.frames ?? 0 });
}

/** Puts the folders, or else a number, to names that would otherwise be the same. @param {Item[]} items */
export function nameApart(items) {
  const own = new Set(items);
  const others = [...session.items, ...session.later].filter((item) =>
    !own.has(item)
  );
  const taken = new Set(others.map(({ name }) => name));
  for (const item of items) {
    const folders = item.path.split("/").slice(0, -1);
    while (taken.has(item.name) && folders.length > 0) {
      item.name = `${folders.pop()}_${item.name}`;
    }
    const { name } = item;
    for (let n = 2; taken.has(item.name); n++) item.name = `${name}-${n}`;
    taken.add(item.name);
  }
}

/** Takes the other frames out of an item's file, once. @param {Item} item */
export function otherFrames(item) {
  const { file, name, path, facts, frame, frames, whole } = item;
  item.whole = false;
  if (!whole || frames < 2) return [];
  const named = (/** @type {number} */ i) => `${name}_${i + 1}`;
  item.name = named(frame);
  const others = Array.from({ length: frames }, (_, i) => i);
  others.splice(frame, 1);
  return others.map((i) => {
    const other = new Item(file, named(i));
    return Object.assign(other, { path, facts, frame: i, whole: false });
  });
}

/** Adds images, and every frame of their files, and segments what waits, unless a reference is in doubt.
 * @param {Item[]} added */
export function queue(added) {
  const frames = added.flatMap((item) => [item, ...otherFrames(item)]);
  nameApart(frames);
  session.items = addInOrder(session.items, frames);
  for (const item of frames) changed(item);
  render();
  if (segmenting === null) segmentWaiting();
}

/** Segments what waits although a reference is in doubt. */
export function segmentHeld() {
  acceptReferences();
  queue([]);
}

/** Leaves what waits as it is. */
export function cancelHeld() {
  cancelWaiting();
  session.held = false;
  changed();
}

/** Segments what waits, until nothing does or a reference is in doubt. */
async function segmentWaiting() {
  segmenting = new AbortController();
  session.segmenting = true;
  session.held = false;
  Object.assign(run, { started: performance.now(), done: 0, wait: "" });
  const next = () =>
    doubtfulReferences().length > 0 ? undefined : session.items.find(isWaiting);
  for (let item = next(); item !== undefined; item = next()) {
    await segmentItem(item, segmenting.signal);
    run.wait = "";
    run.done++;
    if (session.following) await selectItem(item, true);
    changed(item);
  }
  segmenting = null;
  session.segmenting = false;
  session.held = session.items.some(isWaiting);
  render();
  if (session.held) return;
  const failed = session.items.filter(hasFailed).length;
  const failures = ` ${counted(failed, "image")} failed or cancelled.`;
  announce(`Done.${failed > 0 ? failures : ""}`);
}

/** @param {Item} item @param {AbortSignal} signal */
async function segmentItem(item, signal) {
  const begin = (/** @type {string} */ activity) => {
    item.overall = "working";
    item.activity = activity;
    render();
  };
  /** Carries out a step, however long the server is busy or lost.
   * @template T @param {string} activity @param {() => Promise<T>} step */
  const carryOut = (activity, step) => {
    begin(activity);
    const tell = (/** @type {string} */ wait) => {
      run.wait = wait && ` · ${wait}`;
      begin(wait || activity);
    };
    return patiently(step, signal, tell, { lost: true });
  };
  try {
    await carryOut("Reading", () => prepare(item, signal));
    const others = otherFrames(item);
    if (others.length > 0) {
      nameApart([item, ...others]);
      session.items = addInOrder(session.items, others);
    }
    for (const other of others) changed(other);
    await drawTile(item);
    for (const { label } of enrolledStructures()) {
      await carryOut("Segmenting", () => segmentStructure(item, label, signal));
    }
    item.failure = null;
    item.overall = "done";
    await drawTile(item);
  } catch (error) {
    const isDone = enrolledStructures().every(({ label }) =>
      isKnown(item.findings.get(label))
    );
    item.failure = isDone ? null : error;
    item.overall = isDone
      ? "done"
      : isCancelled(error)
      ? "cancelled"
      : "failed";
  }
}

/** Whether a structure needs not be looked for again. @param {Finding | undefined} finding */
const isKnown = (finding) =>
  finding !== undefined && finding.rle !== null && finding.error === null;

/** Looks for a structure in an item whose embedding is made, unless it is known by then. A refusal is kept with the structure, so that the others
 * are looked for all the same.
 * @param {Item} item @param {string} label @param {AbortSignal} signal */
async function segmentStructure(item, label, signal) {
  if (isKnown(item.findings.get(label))) return;
  const { rle: before } = item.findingOf(label);
  // Another outline was drawn or enrolled meanwhile.
  const isLate = () => item.findingOf(label).rle !== before;
  try {
    const answer = await withEmbedding(
      item,
      signal,
      (id) => segment(patient(), label, id, signal),
    );
    if (isLate()) return;
    const { mask: { size, counts, area } } = answer;
    const rle = { size, counts };
    Object.assign(item.findingOf(label), {
      answer,
      rle,
      area,
      corrected: false,
      error: null,
    });
  } catch (error) {
    if (isLate()) return;
    // What is waited for must not pass for a refusal.
    if (isCancelled(error) || isPassing(error)) {
      if (before === null) item.findings.delete(label);
      throw error;
    }
    item.findingOf(label).error = error;
  }
}

/** Segments all images again that failed or were cancelled. */
export function retryFailed() {
  for (const item of session.items) {
    if (!hasFailed(item)) continue;
    item.overall = "waiting";
    changed(item);
  }
  queue([]);
}

export function cancelSegmenting() {
  if (segmenting === null) return;
  segmenting.abort(new DOMException("Cancelled", "AbortError"));
  // Images that are added from now on are not cancelled.
  segmenting = new AbortController();
  cancelWaiting();
  render();
}

function cancelWaiting() {
  for (const item of session.items.filter(isWaiting)) {
    item.overall = "cancelled";
    changed(item);
  }
}

import { openDB } from "./libraries/idb/build/index.js";
import { Problem } from "./api.js";
import { input } from "./dom.js";
import { Finding, Item } from "./item.js";
import { showNotice } from "./messages.js";
import { patient, session, whenChanged } from "./session.js";

/** @import { DBSchema, IDBPDatabase } from "./libraries/idb/build/index.js" */
/** @import { Structure } from "./session.js" */
/** An error as it is kept: what the server said, or the error's own words.
 * @typedef {Pick<Problem, "title" | "code" | "faults" | "choices"> & {detail: string}} KeptError */
/** @typedef {Pick<Item, "id" | "name" | "frame" | "frames" | "whole" | "format" | "overall" | "embedding" | "size" |
 *   "facts" | "drafts" | "path" | "fullSize" | "scale"> & {patient: string, file: string, source: string, failure: KeptError | null,
 *   findings: (Omit<Finding, "kind" | "missing" | "error"> & {error: KeptError | null})[]}} KeptItem */
/** Items are named by their ids, in order.
 * @typedef {{patient: string, at: number, items: string[], later: string[], shown: string, structures: Structure[],
 *   label: string, typed: string, showsAll: boolean, enrolled: boolean}} KeptSession `typed` is the name of the structure as
 *   it stands in its field */
/** @typedef {DBSchema & {
 *   sessions: {key: string, value: KeptSession},
 *   items: {key: string, value: KeptItem, indexes: {patient: string}},
 *   files: {key: string, value: {id: string, patient: string, blob: Blob}, indexes: {patient: string}}}} Kept */

/** The time that changes are gathered before they are written, milliseconds. */
const DELAY = 40;

/** @type {Promise<IDBPDatabase<Kept>> | null} */ let opening = null;

/** The database of this browser, where the work of every patient is kept. */
function database() {
  opening ??= openDB("p2sam", 1, {
    upgrade(made) {
      made.createObjectStore("sessions", { keyPath: "patient" });
      for (const name of /** @type {const} */ (["items", "files"])) {
        made.createObjectStore(name, { keyPath: "id" })
          .createIndex("patient", "patient");
      }
    },
    // Another tab removes or renews the database.
    blocking: () => opening?.then((open) => open.close()),
  });
  return opening;
}

/** A transaction over all of it. @template {"readonly" | "readwrite"} M @param {M} mode */
const begin = async (mode) =>
  (await database()).transaction(["sessions", "items", "files"], mode);

/** Whose work is being kept; empty while there is none. */ let keeping = "";
/** Changed since they were written. @type {Set<Item>} */ let changedItems =
  new Set();
/** Whether anything has changed since the last write. */ let isDue = false;
/** Ids of that patient's items and files in the database. */ let stored =
  new Set();
/** Whose those are. */ let storedOf = "";
/** @type {WeakMap<Blob, string>} */ const fileIds = new WeakMap();
/** @type {Promise<void> | null} */ let writing = null;
/** Ends the wait before a write. */ let hurry = () => {};
/** Whether something of the session is not kept. */ let failed = false;
/** Files that there was no room for. @type {WeakSet<Blob>} */
let leftOut = new WeakSet();
/** Whether another tab keeps the patient at hand. */ let isRefused = false;
/** Whether the user knows that. */ let isTold = false;

/** No patient's work is for this tab to keep. */
const NO_CLAIM = { whose: "", granted: Promise.resolve(false) };
/** The patient whose work this tab has asked to keep, alone, and whether it may. */
let claim = NO_CLAIM;
/** Lets another tab keep it. */ let letGo = () => {};
/** Settles when the patient before is let go of. */ let leaving = Promise
  .resolve();

/** Whether this tab alone keeps the work of a patient, so that no other one writes over it. A refusal stands until what
 * is kept is read anew.
 * @param {string} whose @param {boolean} [again] whether to ask again after a refusal */
async function take(whose, again = false) {
  await leaving;
  if (claim.whose !== whose || again && !await claim.granted) {
    letGo();
    claim = { whose, granted: lock(whose) };
  }
  return await claim.granted;
}

/** How long to wait for a tab that is just being closed or loaded anew, milliseconds. */
const CLOSING = 500;

/** @param {string} whose @returns {Promise<boolean>} */
function lock(whose) {
  const { promise, resolve } = Promise.withResolvers();
  const options = { signal: AbortSignal.timeout(CLOSING) };
  // Pages without TLS have no locks.
  navigator.locks?.request(`p2sam-${whose}`, options, () => {
    const isWanted = claim.whose === whose;
    resolve(isWanted);
    return isWanted && new Promise((end) => letGo = () => end(null));
  }).catch((error) => resolve(error.name !== "TimeoutError")) ?? resolve(true);
  return promise;
}

/** Begins to keep the session of the patient at hand. */
export async function beginKeeping() {
  const whose = patient();
  const isOurs = await take(whose);
  if (claim.whose !== whose || keeping === whose) return;
  isRefused = !isOurs;
  showNotice(
    isRefused
      ? "This patient is open in another tab, which keeps the work. Nothing that you do here is kept. " +
        "To go on here, close the other tab and reload this page."
      : "",
    "kept",
  );
  if (isRefused) return;
  keeping = whose;
  // What is kept is not the browser's to clear when it is short of room.
  navigator.storage?.persist().catch(() => {});
  if (storedOf !== keeping) [stored, storedOf] = [new Set(), keeping];
  noteChange();
}

/** Writes what is left of the patient at hand, whom another tab may go on with then. */
export function endKeeping() {
  leaving = flush().then(release);
}

function release() {
  keeping = "";
  isRefused = false;
  claim = NO_CLAIM;
  letGo();
}

/** Makes sure that no other tab goes on keeping what is erased. @param {string} whose */
export async function claimToErase(whose) {
  if (await take(whose, true)) return;
  throw new Problem({
    title: "This patient is open in another tab",
    detail: "Close that tab, then erase the patient here.",
  });
}

/** @param {Item} [item] */
function noteChange(item) {
  if (item) changedItems.add(item);
  if (keeping === "") return;
  isDue = true;
  writing ??= writeAll().finally(() => writing = null);
}
whenChanged(noteChange);

/** Whether something of the session would be lost with the page. */
export const isAtRisk = () =>
  (failed || isRefused && changedItems.size > 0) &&
  session.items.some(({ findings, drafts }) =>
    findings.size > 0 || drafts.length > 0
  );

/** Writes at once what has changed. */
export async function flush() {
  hurry();
  await writing;
}

async function writeAll() {
  while (isDue) {
    const { promise, resolve } = Promise.withResolvers();
    hurry = () => resolve(undefined);
    if (document.visibilityState === "visible") setTimeout(hurry, DELAY);
    else hurry();
    await promise;
    isDue = false;
    const items = changedItems;
    changedItems = new Set();
    try {
      await writeWhatFits(items);
      const all = [...session.items, ...session.later];
      failed = all.some(({ file }) => leftOut.has(file));
      if (failed) tellOnce("Not all of your work is kept", NO_ROOM);
      else if (isTold) {
        isTold = false;
        showNotice("", "kept");
      }
    } catch (error) {
      for (const item of items) changedItems.add(item);
      failed = true;
      leftOut = new WeakSet();
      console.warn(error);
      const why = isFull(error) ? NO_ROOM : "it does not allow that";
      tellOnce("Your work is not kept", why);
    }
  }
}

const NO_ROOM = "it has no more room";

/** @param {unknown} error */
const isFull = (error) =>
  error instanceof DOMException && error.name === "QuotaExceededError";

/** @param {string} what @param {string} why */
function tellOnce(what, why) {
  if (isTold) return;
  isTold = true;
  showNotice(
    `${what} in this browser: ${why}. You can go on, but download the results before you leave.`,
    "kept",
  );
}

/** Writes what has changed. Where there is no room for all of it, files are stored one by one, so that one that is too large
 * keeps out nothing else.
 * @param {Set<Item>} items */
async function writeWhatFits(items) {
  try {
    await write(items);
  } catch (error) {
    if (!isFull(error)) throw error;
    const open = await database();
    const whose = keeping;
    for (const { file, source } of [...session.items, ...session.later]) {
      for (const blob of [file, source]) {
        const id = blob && idOf(blob);
        if (!id || stored.has(id)) continue;
        try {
          await open.put("files", { id, patient: whose, blob });
          stored.add(id);
        } catch {
          leftOut.add(blob);
        }
      }
    }
    await write(items);
  }
}

/** @param {Blob} blob */
function idOf(blob) {
  const id = fileIds.get(blob) ??
    crypto.getRandomValues(new Uint32Array(4)).join("-");
  fileIds.set(blob, id);
  return id;
}

/** Writes the changed items, those that are new, and what is true of the session: all of it or nothing. Files that are
 * left out are no part of it, and an item without its file is not recalled.
 * @param {Set<Item>} items */
async function write(items) {
  const { structures, label, showsAll, enrolled, shown } = session;
  const all = [...session.items, ...session.later];
  const whose = keeping;
  if (whose === "") return;
  const transaction = await begin("readwrite");
  const [kept, files] = [
    transaction.objectStore("items"),
    transaction.objectStore("files"),
  ];
  const next = new Set();
  const store = (/** @type {Blob} */ blob) => {
    const id = idOf(blob);
    if (leftOut.has(blob)) return id;
    if (!stored.has(id) && !next.has(id)) {
      files.put({ id, patient: whose, blob });
    }
    next.add(id);
    return id;
  };
  for (const item of all) {
    const file = store(item.file);
    const source = item.source ? store(item.source) : "";
    if (items.has(item) || !stored.has(item.id)) {
      kept.put({ ...recordOf(item), patient: whose, file, source });
    }
    next.add(item.id);
  }
  for (const id of stored) {
    if (next.has(id)) continue;
    kept.delete(id);
    files.delete(id);
  }
  const ids = (/** @type {Item[]} */ list) => list.map(({ id }) => id);
  const sessions = transaction.objectStore("sessions");
  if (all.length === 0) sessions.delete(whose);
  else {
    sessions.put({
      patient: whose,
      at: Date.now(),
      items: ids(session.items),
      later: ids(session.later),
      shown: shown?.id ?? "",
      typed: input("label").value,
      ...{ structures, label, showsAll, enrolled },
    });
  }
  await transaction.done;
  stored = next;
}

/** An item without its files. @param {Item} item @returns {Omit<KeptItem, "patient" | "file" | "source">} */
function recordOf(item) {
  const { id, name, frame, frames, whole, format, overall, embedding, size } =
    item;
  const { facts, drafts, failure, findings, path, fullSize, scale } = item;
  return {
    ...{ id, name, frame, frames, whole, format, embedding, size },
    ...{ facts, drafts, path, fullSize, scale },
    // Work that the page was at is begun again.
    overall: overall === "working" ? "waiting" : overall,
    failure: writeError(failure),
    findings: [...findings.values()].map((finding) => ({
      ...finding,
      error: writeError(finding.error),
    })),
  };
}

/** @param {unknown} error @returns {KeptError | null} */
function writeError(error) {
  if (error === null) return null;
  if (error instanceof Problem) {
    const { title, message: detail, code, faults, choices } = error;
    return { title, detail, code, faults, choices };
  }
  const [title, detail] = ["This image failed", "Try it again."];
  return { title, detail, code: "", faults: [], choices: [] };
}

/** @param {KeptError | null} kept */
const readError = (kept) =>
  kept && new Problem({ ...kept, type: kept.code, errors: kept.faults });

/** What is kept of a patient, as it was; null where nothing is.
 * @param {string} whose @returns {Promise<Omit<KeptSession, "items" | "later" | "shown"> &
 *   {items: Item[], later: Item[], shown: Item | null} | null>} */
async function recall(whose) {
  const transaction = await begin("readonly");
  const [kept, records, files] = await Promise.all([
    transaction.objectStore("sessions").get(whose),
    transaction.objectStore("items").index("patient").getAll(whose),
    transaction.objectStore("files").index("patient").getAll(whose),
  ]);
  if (kept === undefined) return null;
  storedOf = whose;
  stored = new Set([...records, ...files].map(({ id }) => id));
  const blobs = new Map(files.map(({ id, blob }) => [id, blob]));
  for (const [id, blob] of blobs) fileIds.set(blob, id);
  const items = new Map(records.flatMap((record) => {
    const file = blobs.get(record.file);
    return file ? [[record.id, read(record, file, blobs)]] : [];
  }));
  const take = (/** @type {string[]} */ ids) =>
    ids.flatMap((id) => {
      const item = items.get(id);
      items.delete(id);
      return item ?? [];
    });
  const shown = items.get(kept.shown) ?? null;
  const [later, listed] = [take(kept.later), take(kept.items)];
  // Images that another tab added to the patient follow.
  return { ...kept, later, items: [...listed, ...items.values()], shown };
}

/** @param {KeptItem} record @param {Blob} file @param {Map<string, Blob>} blobs */
function read(record, file, blobs) {
  const { findings, failure, source, patient: _, ...same } = record;
  const item = new Item(file, record.name);
  Object.assign(item, same, {
    file,
    source: blobs.get(source) ?? null,
    failure: readError(failure),
    findings: new Map(findings.map((one) => [
      one.label,
      Object.assign(new Finding(one.label), one, {
        error: readError(one.error),
      }),
    ])),
  });
  return item;
}

/** Brings back what is kept of the patient at hand in this browser.
 * @returns {Promise<{shown: Item | undefined} | null>} null where nothing is kept */
export async function restoreKept() {
  await take(patient(), true);
  const kept = await recall(patient()).catch((error) => {
    console.warn(error);
    return null;
  });
  if (kept === null) return null;
  const { items, later, structures, label, showsAll, enrolled, shown } = kept;
  const restored = { items, later, structures, label, showsAll, enrolled };
  Object.assign(session, restored, { following: false });
  input("label").value = enrolled ? "" : kept.typed;
  return { shown: shown ?? items[0] };
}

/** The patients whose work is kept, the latest first. @returns {Promise<KeptSession[]>} */
export async function keptSessions() {
  const all = await (await database()).getAll("sessions");
  return all.sort((a, b) => b.at - a.at);
}

/** Erases what is kept of a patient. @param {string} whose */
export async function forget(whose) {
  await claimToErase(whose);
  keeping = "";
  await writing;
  const transaction = await begin("readwrite");
  transaction.objectStore("sessions").delete(whose);
  for (const name of /** @type {const} */ (["items", "files"])) {
    const store = transaction.objectStore(name);
    for (const id of await store.index("patient").getAllKeys(whose)) {
      store.delete(id);
    }
  }
  await transaction.done;
  release();
}

document.addEventListener("visibilitychange", () => hurry());
addEventListener("pagehide", () => hurry());
addEventListener("beforeunload", (event) => {
  hurry();
  if (isAtRisk()) event.preventDefault();
});

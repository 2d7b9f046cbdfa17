import { isCancelled } from "./api.js";
import { withBusyBar } from "./busy_bar.js";
import { button, input, showText } from "./dom.js";
import { noteDraft } from "./drafts.js";
import { drawTile, Item } from "./item.js";
import { restoreKept } from "./kept.js";
import { Mask } from "./mask.js";
import { isOfFile, showNotice, showProblem } from "./messages.js";
import { discardOutline, startEditing } from "./outline.js";
import { prepare } from "./prepare.js";
import { queue } from "./queue.js";
import { changed, render, session } from "./session.js";
import {
  closeEditor,
  enterWorkspace,
  isPrepared,
  leaveWorkspace,
  openingSignal,
  showPicture,
} from "./stage.js";
import { lookUpPatient, takeReferences } from "./structures.js";

/** Opens the first images: the first that can be read is outlined, unless the server has references of the patient.
 * @param {Item[]} items */
export async function openFirst(items) {
  session.later = items;
  if (items.length === 0 || !await lookUpPatient()) return;
  const known = session.structures.flatMap(({ references }) => references);
  const kept = await restoreKept();
  if (kept !== null) {
    takeReferences(known);
    const here = [...session.items, ...session.later];
    for (const item of items) {
      if (!await isAmong(item, here)) session.later.push(item);
    }
    if (!session.enrolled && kept.shown) return await resumeFirst(kept.shown);
  }
  if (session.enrolled || known.length > 0) {
    session.enrolled = true;
    enterWorkspace();
    session.following = true;
    queue(session.later.splice(0));
    return;
  }
  await outlineNext();
}

/** Whether the file of an image is that of another one. @param {Item} item @param {Item[]} others */
async function isAmong({ path, file }, others) {
  const bytesOf = async (/** @type {Blob} */ blob) =>
    new Uint8Array(await blob.arrayBuffer());
  const alike = others.filter((other) =>
    other.path === path && other.file.size === file.size
  );
  for (const other of new Set(alike.map(({ file }) => file))) {
    const [a, b] = await Promise.all([file, other].map(bytesOf));
    if (a?.every((byte, i) => byte === b?.[i])) return true;
  }
  return false;
}

/** Lets the user outline the first of the waiting images that can be read. */
export async function outlineNext() {
  /** @type {Item[]} */ const leftOut = [];
  for (let item; (item = session.later.shift()) !== undefined;) {
    const error = await outlineReference(item);
    if (error === null) break;
    const [next] = session.later;
    if (!isOfFile(error) || next === undefined || next === item) return;
    leftOut.push(item);
  }
  if (leftOut.length === 0) return;
  const names = leftOut.map(({ name, file }) =>
    file instanceof File ? file.name : name
  );
  showNotice(
    `Left out, because not read as an image: ${names.join(", ")}.`,
    "left-out",
  );
}

/** Discards the outline. In place of the first image comes the next one that waits, or the choice of another one. */
export async function rejectOutline() {
  if (!await discardOutline()) return;
  session.items.length = 0;
  if (session.later.length > 0) return await outlineNext();
  leaveWorkspace();
  button("open").focus();
}

/** Prepares an image and lets the user outline it.
 * @param {Item} item @param {Mask | null} [known] an outline to begin with
 * @returns {Promise<unknown>} why it cannot be opened; null where it is */
export async function outlineReference(item, known = null) {
  showText("start-problem", "");
  const { file, fullSize } = item;
  session.items.push(item);
  enterWorkspace();
  try {
    await prepareShown(item);
  } catch (error) {
    session.items.splice(session.items.indexOf(item), 1);
    const isDrawn = item.drafts.length > 0;
    if (isCancelled(error) && !isDrawn) session.later = [];
    else if (isDrawn || !isOfFile(error)) {
      // It waits for another attempt, as it was chosen.
      session.later.unshift(Object.assign(item, { file, fullSize }));
    }
    leaveWorkspace();
    showProblem("start-problem", error);
    button("open").focus();
    return error;
  }
  await openEditor(item, known);
  return null;
}

/** Prepares an image, and shows its picture as soon as there is one. @param {Item} item @param {AbortSignal} [until] */
async function prepareShown(item, until) {
  let preparing = true;
  const early = () => showPicture(item, false, () => preparing);
  try {
    await withBusyBar(
      "Preparing the image",
      (signal) => prepare(item, signal, early),
      { until },
    );
  } finally {
    preparing = false;
  }
}

/** Goes on with the outline of the first image, which the page has restored. @param {Item} item */
export async function resumeFirst(item) {
  enterWorkspace();
  if (isPrepared(item)) return await openEditor(item, null);
  session.items.splice(session.items.indexOf(item), 1);
  await outlineReference(item);
}

/** @param {Item} item @param {Mask | null} known an outline to begin with */
async function openEditor(item, known) {
  await showPicture(item, true);
  const mask = known ?? new Mask(item.size.width, item.size.height);
  startEditing(item, mask, "first");
  noteDraft();
  changed(item);
  await drawTile(item);
}

/** Outlines another frame of the first image instead, once that is prepared. What was drawn on this one is kept. */
export async function openFrame() {
  noteDraft();
  closeEditor();
  render();
  const [item] = session.items;
  if (item === undefined) return;
  const signal = openingSignal();
  const { file, name, facts, fullSize } = item;
  const frame = input("frame").valueAsNumber - 1;
  const other = Object.assign(new Item(file, name), { facts, fullSize, frame });
  /** @type {unknown} */ let problem = null;
  try {
    await prepareShown(other, signal);
    const { source, embedding, size } = other;
    Object.assign(item, { frame, source, embedding, size });
  } catch (error) {
    if (signal.aborted) return;
    problem = error;
  }
  await openEditor(item, null);
  if (problem !== null) showProblem("outline-problem", problem);
  input("frame").focus();
}

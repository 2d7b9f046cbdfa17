import { withBusyBar } from "./busy_bar.js";
import { button, html, input, showText } from "./dom.js";
import { noteDraft } from "./drafts.js";
import { drawTile, Item } from "./item.js";
import { restoreKept } from "./kept.js";
import { Mask } from "./mask.js";
import { isOfFile, showNotice, showProblem } from "./messages.js";
import { startEditing } from "./outline.js";
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
    session.later.push(...items);
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

/** Prepares an image and lets the user outline it.
 * @param {Item} item @param {Mask | null} [known] an outline to begin with
 * @returns {Promise<unknown>} why it cannot be opened; null where it is */
export async function outlineReference(item, known = null) {
  showText("start-problem", "");
  session.items.push(item);
  enterWorkspace();
  try {
    await prepareShown(item);
  } catch (error) {
    session.items.splice(session.items.indexOf(item), 1);
    // What is drawn on it waits for another attempt.
    if (item.drafts.length > 0) session.later.unshift(item);
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
  input("frame").max = String(item.frames);
  input("frame").valueAsNumber = item.frame + 1;
  showFrameNumber();
  await showPicture(item, true);
  const mask = known ?? new Mask(item.size.width, item.size.height);
  startEditing(item, mask, "first");
  changed(item);
  await drawTile(item);
}

export function showFrameNumber() {
  const { value, max } = input("frame");
  html("frame-number").textContent = `${value} of ${max}`;
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

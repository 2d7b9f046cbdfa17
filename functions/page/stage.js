import { noteDraft } from "./drafts.js";
import { html } from "./dom.js";
import { beginKeeping, endKeeping } from "./kept.js";
import { Mask } from "./mask.js";
import { clearProblems, showNotice } from "./messages.js";
import { changed, patient, render, session, viewer } from "./session.js";
import { colourOf } from "./structures.js";

/** @import { Purpose } from "./drafts.js" */
/** @import { Item } from "./item.js" */

/** The address of the patient at hand. The part after # stays in the browser. */
const address = () => `#/patients/${encodeURIComponent(patient())}`;

export function enterWorkspace() {
  clearProblems("start");
  if (location.hash !== address()) history.pushState(null, "", address());
  beginKeeping();
  html("start").hidden = true;
  html("work").hidden = false;
  html("who").hidden = false;
  html("who-id").textContent = patient();
  render();
}

/** Goes back to the start, where no image is open. */
export function leaveWorkspace() {
  session.shown = null;
  changed();
  endKeeping();
  history.replaceState(null, "", location.pathname);
  viewer.show(null, { width: 1, height: 1 });
  html("work").hidden = true;
  html("start").hidden = false;
  html("who").hidden = true;
  html("erase").hidden = true;
  render();
}

/** Whether an image can be drawn on: its picture, embedding and size are known. @param {Item} item */
export const isPrepared = ({ source, embedding }) =>
  source !== null && embedding !== "";

/** Whether a mask can be opened for an image. @param {Item | null} item */
export const canOpenMask = (item) =>
  item !== null && isPrepared(item) && item.overall !== "working";

/** Ends the wait for an image that is to be drawn on. */
let opening = new AbortController();

/** Aborted as soon as the editor that is about to open is not wanted any more. */
export const openingSignal = () => opening.signal;

/** Opens the editor. @type {(item: Item, purpose: Purpose) => Promise<void>} */
let edit = async () => {};

/** What goes on with the drawing of an image that is shown again. @param {typeof edit} how */
export const editWith = (how) => edit = how;

/** Shows an item's image and result, or goes on with what is to be drawn on it: what was begun, or the first outline.
 * What is being drawn is kept with its image.
 * @param {Item} item @param {boolean} [automatic] whether no user selected it */
export async function selectItem(item, automatic = false) {
  if (automatic && session.editor !== null) return;
  const isFirst = !session.enrolled;
  if (isFirst && !isPrepared(item)) return;
  noteDraft();
  closeEditor();
  if (!automatic) session.following = false;
  session.shown = item;
  showNotice("");
  showNotice("", "click");
  clearProblems("work");
  await showPicture(item, true, () => session.shown === item);
  if (session.shown !== item) return;
  if (item.source === null) viewer.show(null, item.size);
  showFindings(item);
  if (!automatic && (isFirst || item.draft)) {
    edit(item, item.draft?.purpose ?? "first");
  }
  render();
  changed();
  item.tile.button.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Shows no image, because there is none. */
export function showNothing() {
  session.shown = null;
  viewer.show(null, { width: 1, height: 1 });
  render();
}

/** Shows the outlines of an item's structures, and the points that led to the chosen one. @param {Item} item */
function showFindings(item) {
  const points = item.kind === "found" ? item.answer?.points ?? [] : [];
  viewer.colour = colourOf(session.label);
  viewer.setOthers(
    item.visible.flatMap(({ label, rle }) =>
      rle === null || label === session.label
        ? []
        : { mask: Mask.fromRle(rle), colour: colourOf(label) }
    ),
  );
  viewer.setMask(item.rle && Mask.fromRle(item.rle), points);
}

/** Shows an item's picture in the viewer.
 * @param {Item} item @param {boolean} sized whether the item's size is known
 * @param {() => boolean} wanted asked once the picture is decoded */
export async function showPicture(item, sized, wanted = () => true) {
  if (item.source === null) return;
  const bitmap = await createImageBitmap(item.source);
  if (!wanted()) return bitmap.close();
  viewer.show(bitmap, sized ? item.size : bitmap);
}

export function closeEditor() {
  opening.abort();
  opening = new AbortController();
  session.editor?.close();
  session.editor = session.edited = null;
}

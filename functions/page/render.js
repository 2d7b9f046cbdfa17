import { button, html, showText } from "./dom.js";
import { noteDraft } from "./drafts.js";
import { renderGuide } from "./guide.js";
import { renderFilm } from "./film.js";
import { nextRedo, nextUndo } from "./history.js";
import { beginKeeping } from "./kept.js";
import { Mask } from "./mask.js";
import { clearProblems, showNotice } from "./messages.js";
import { resumeDraft } from "./outline.js";
import { MeasurePlot } from "./plot.js";
import { renderResult, reportText } from "./result_panel.js";
import { changed, patient, session, viewer, whenChanged } from "./session.js";
import { renderStructures } from "./structure_list.js";
import { colourOf } from "./structures.js";
import { trendOf } from "./trend.js";

/** @import { Item } from "./item.js" */

/** Edges that a row of controls, or a column of them, can lie along. */
const ROW = /** @type {const} */ (["top", "bottom"]);
const COLUMN = /** @type {const} */ (["left", "right"]);

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
  changed();
  history.replaceState(null, "", location.pathname);
  viewer.show(null, { width: 1, height: 1 });
  html("work").hidden = true;
  html("start").hidden = false;
  html("who").hidden = true;
  html("erase").hidden = true;
  renderGuide();
}

/** The requested animation frame, 0 when none is. */ let rendering = 0;

/** Renders once before the next picture of the screen. */
function renderSoon() {
  if (rendering === 0) rendering = requestAnimationFrame(render);
}
whenChanged(renderSoon);
addEventListener("resize", renderSoon);

/** Whether a mask can be opened for an image: once it can be drawn on. @param {Item | null} item */
export const canOpenMask = (item) =>
  item !== null && item.source !== null && item.embedding !== "" &&
  item.overall !== "working";

/** Brings the whole page up to date with the session. */
export function render() {
  cancelAnimationFrame(rendering);
  rendering = 0;
  const { items, shown, enrolled, purpose } = session;
  const [first] = items;
  const editing = session.editor !== null;
  html("tools").hidden = html("outline").hidden = !editing;
  html("label-row").hidden = purpose !== "first";
  html("mask-drop").hidden = !editing && !canOpenMask(shown);
  html("frame-row").hidden = purpose !== "first" || (first?.frames ?? 0) < 2;
  html("erase").hidden = !enrolled || editing;
  renderEditor();
  renderGuide();
  keepImageClear();
  const onlyReferences = items.every(({ reference }) => reference);
  html("add").hidden = editing || !enrolled || !onlyReferences || session.held;
  showText("add-report", first ? reportText(first) : "");
  const result = editing || onlyReferences || session.held ? null : shown;
  html("result").hidden = result === null;
  html("downloads").hidden = result?.state !== "done";
  if (result !== null) renderResult(result);
  html("deeds").hidden = editing || !nextUndo() && !nextRedo();
  renderDeed("undo-deed", "Undo", nextUndo());
  renderDeed("redo-deed", "Redo", nextRedo());
  renderStructures();
  renderFilm();
  const measured = items.filter(({ state }) => state === "done");
  html("take-home").hidden = editing || !enrolled || measured.length === 0;
  html("trend").hidden = editing || measured.length < 2;
  if (html("trend").hidden) return;
  const trend = trendOf(items);
  html("trend-unit").textContent = trend.unit;
  plot.show(trend);
}

/** @param {string} id @param {string} verb @param {string} name of the deed; empty for none */
function renderDeed(id, verb, name) {
  button(id).hidden = name === "";
  button(id).textContent = `${verb} ${name}`;
}

const plot = new MeasurePlot(html("plot"), (index) => {
  const item = session.items[index];
  if (item) selectItem(item);
});

/** Keeps the image clear of the tools and the zoom buttons: each lies along the edge that it is nearest to. */
function keepImageClear() {
  const view = viewer.canvas.getBoundingClientRect();
  const margin = { top: 12, right: 12, bottom: 12, left: 12 };
  for (const id of ["tools", "zoom"]) {
    const { left, right, top, bottom, width, height } = html(id)
      .getBoundingClientRect();
    if (width === 0) continue;
    const covers = {
      top: bottom - view.top,
      bottom: view.bottom - top,
      left: right - view.left,
      right: view.right - left,
    };
    const [one, other] = width > height ? ROW : COLUMN;
    const edge = covers[one] < covers[other] ? one : other;
    margin[edge] = Math.max(margin[edge], covers[edge] + 8);
  }
  viewer.margin = margin;
  viewer.refit();
}

export function renderEditor() {
  if (session.editor === null) return;
  button("undo").disabled = !session.editor.canUndo;
  button("redo").disabled = !session.editor.canRedo;
  const { empty, busy, frozen, isOpen } = session.editor;
  html("polygon-row").hidden = !isOpen;
  button("polygon-close").disabled = !session.editor.canClose;
  button("clear").disabled = empty || frozen;
  button("accept").disabled = empty || frozen || busy;
}

html("tiles").addEventListener("click", ({ target }) => {
  const tile = target instanceof Element ? target.closest("button") : null;
  const item = session.items.find((one) => one.tile.button === tile);
  if (item) selectItem(item);
});

/** Shows an item's image and result, or goes on with what was begun to be drawn on it. What is being drawn is kept
 * with its image.
 * @param {Item} item @param {boolean} [automatic] whether no user selected it */
export async function selectItem(item, automatic = false) {
  if (automatic && session.editor !== null) return;
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
  if (item.draft && !automatic) resumeDraft(item, item.draft);
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
  const points = item.corrected ? [] : item.answer?.points ?? [];
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
  session.editor?.close();
  session.editor = session.edited = null;
}

import { button, html, showText } from "./dom.js";
import { renderEditor } from "./editor_panel.js";
import { renderGuide } from "./guide.js";
import { renderFilm } from "./film.js";
import { nextRedo, nextUndo } from "./history.js";
import { MeasurePlot } from "./plot.js";
import { reportText } from "./reference_words.js";
import { renderResult } from "./result_panel.js";
import { renderWith, session, viewer, whenChanged } from "./session.js";
import { canOpenMask, selectItem } from "./stage.js";
import { renderStructures } from "./structure_list.js";
import { trendOf } from "./trend.js";

/** @import { Item } from "./item.js" */

/** Edges that a row of controls, or a column of them, can lie along. */
const ROW = /** @type {const} */ (["top", "bottom"]);
const COLUMN = /** @type {const} */ (["left", "right"]);

/** The requested animation frame, 0 when none is. */ let rendering = 0;

/** Renders once before the next picture of the screen. */
function renderSoon() {
  if (rendering === 0) rendering = requestAnimationFrame(renderAll);
}
whenChanged(renderSoon);
renderWith(renderAll);
addEventListener("resize", renderSoon);

/** Brings the whole page up to date with the session. */
function renderAll() {
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
  const isAlone = items.length < 2 &&
    (first === undefined || first.reference !== "");
  html("add").hidden = editing || !enrolled || !isAlone || session.held;
  showText("add-report", first ? reportText(first) : "");
  const result = editing || !enrolled || isAlone || session.held ? null : shown;
  html("result").hidden = result === null;
  html("downloads").hidden = result?.state !== "done";
  if (result !== null) renderResult(result);
  html("deeds").hidden = editing || !nextUndo() && !nextRedo();
  renderDeed("undo-deed", "Undo", nextUndo());
  renderDeed("redo-deed", "Redo", nextRedo());
  renderStructures();
  renderFilm();
  const measured = items.filter(({ findings }) =>
    [...findings.values()].some(({ rle }) => rle)
  );
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

html("tiles").addEventListener("click", ({ target }) => {
  const tile = target instanceof Element ? target.closest("button") : null;
  const item = session.items.find((one) => one.tile.button === tile);
  if (item) selectItem(item);
});

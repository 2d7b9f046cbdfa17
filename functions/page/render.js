import { button, byId, explain, html, make, tell } from "./dom.js";
import { showPicture } from "./prepare.js";
import { Mask } from "./mask.js";
import { drawPlot } from "./area_plot.js";
import { notice, patient, session, stage } from "./session.js";

/** @typedef {import("./item.js").Item} Item */

export function enterWork() {
  html("start").hidden = true;
  html("work").hidden = false;
  html("who").hidden = false;
  html("who-id").textContent = patient();
  render();
}

export function leaveWork() {
  stage.show(null, { width: 1, height: 1 });
  html("work").hidden = true;
  html("start").hidden = false;
  html("who").hidden = true;
  html("erase").hidden = true;
}

export function render() {
  const editing = session.editor !== null;
  html("tools").hidden = html("outline").hidden = !editing;
  html("label-row").hidden = session.enrolled;
  const frames = session.items[0]?.frames ?? 0;
  html("frame-row").hidden = session.enrolled || frames < 2;
  html("erase").hidden = !session.enrolled || editing;
  renderEditor();
  makeRoom();
  const fresh = session.items.every(({ reference }) => reference);
  html("add").hidden = editing || !session.enrolled || !fresh;
  html("add-hint").textContent =
    "Images of the same patient, in the order in which they were taken.";
  tell("add-report", session.items[0] ? reportText(session.items[0]) : "");
  html("film").hidden = !session.enrolled;
  html("film-bar").hidden = !session.segmenting;
  const result = !editing && session.shown !== null && !fresh;
  html("result").hidden = !result;
  html("downloads").hidden = !result || session.shown?.state !== "done";
  if (result && session.shown) renderResult(session.shown);
  /** @type {Element | null} */
  let last = null;
  for (const item of session.items) {
    const { element } = item.tile;
    item.tile.update(item, item === session.shown);
    if (!element.isConnected) {
      if (last) last.after(element);
      else html("tiles").prepend(element);
    }
    last = element;
  }
  const measured = session.items.filter(({ state }) => state === "done");
  html("trend").hidden = editing || measured.length < 2;
  drawPlot(
    byId("plot", SVGSVGElement),
    session.items.map(({ name, area, state, reference, corrected }) =>
      state !== "done" ? null : {
        name,
        area,
        kind: reference ? "reference" : corrected ? "corrected" : "found",
      }
    ),
    session.shown ? session.items.indexOf(session.shown) : -1,
  );
}

/** @type {Record<import("./api.js").Report["verdict"], string>} */
const VERDICTS = {
  good: "A good reference.",
  weak: "A weak reference.",
  unusable: "Not usable as a reference.",
};

/** What the server says of a reference; empty for other images. @param {Item} item */
export const reportText = ({ report }) =>
  report === null ? "" : `${VERDICTS[report.verdict]} ${report.advice}`;

/** @param {Item} item */
function renderResult(item) {
  const { state, answer, corrected, reference, error } = item;
  html("result-eyebrow").textContent = `Image ${
    session.items.indexOf(item) + 1
  } of ${session.items.length}`;
  html("result-title").textContent = item.name;
  const missing = state === "done" && answer !== null && !answer.present &&
    !corrected;
  const badge = state === "working" || state === "waiting"
    ? item.doing || "Waiting"
    : reference
    ? "Reference"
    : corrected
    ? "Corrected by hand"
    : missing
    ? "Not found in this image"
    : "";
  tell("result-badge", badge);
  tell(
    "result-note",
    reference ? reportText(item) : missing ? answer.reason ?? "" : "",
  );
  tell(
    "result-problem",
    state === "failed"
      ? explain(error)
      : state === "cancelled"
      ? "It was cancelled before it was finished."
      : "",
  );
  const own = state === "done" && answer !== null && !corrected && !reference;
  html("facts").replaceChildren(...(state === "done" ? facts(item, own) : []));
  html("honest").hidden = !own;
  button("retry").hidden = state !== "failed" && state !== "cancelled";
  button("correct").hidden = state !== "done" || reference;
  button("correct").className = own ? "strong" : "";
  button("explain").hidden = !own;
  button("save-receipt").hidden = !own;
  button("learn").hidden = !corrected || reference || item.area === 0;
  button("remove").hidden = state === "working" || reference;
  button("save-source").hidden = item.format === "";
  button("save-source").textContent = item.format === "application/dicom"
    ? "DICOM SEG"
    : "NIfTI";
}

/** @param {Item} item @param {boolean} own whether the numbers are the model's */
function* facts(item, own) {
  const fact = (
    /** @type {string} */ term,
    /** @type {string} */ value,
    more = "",
  ) =>
    make(
      "div",
      "",
      make("dt", "", term),
      make("dd", "", make("strong", "", value), make("span", "", more)),
    );
  const first = session.items.find(({ reference, state }) =>
    reference && state === "done"
  );
  const change = first && first !== item && first.area > 0
    ? Math.round((item.area / first.area - 1) * 100)
    : null;
  yield fact(
    "Area",
    `${item.area.toLocaleString("en")} px`,
    change === null
      ? ""
      : `${change < 0 ? "−" : "+"}${Math.abs(change)} % against the reference`,
  );
  if (!own || item.answer === null) return;
  const { predictedIou, distance, points, confidence } = item.answer;
  if (confidence !== null) {
    yield fact("Confidence", `${Math.round(100 * confidence)} %`);
  }
  const overlap = Math.round(100 * Math.min(1, Math.max(0, predictedIou)));
  yield fact("Expected overlap", `${overlap} %`);
  if (distance !== null) yield fact("Distance", distance.toFixed(1));
  const inside = points.filter((point) => point.label === 1).length;
  yield fact("Points", `${inside} inside, ${points.length - inside} outside`);
}

/** The image keeps clear of the tools, and of the zoom buttons where they lie in a row. */
function makeRoom() {
  const [tools, zoom] = [html("tools"), html("zoom")];
  const row = zoom.offsetWidth > zoom.offsetHeight;
  stage.margin = {
    top: row ? zoom.offsetHeight + 20 : 12,
    bottom: tools.hidden ? 12 : tools.offsetHeight + 24,
  };
  stage.settle();
}

export function renderEditor() {
  if (session.editor === null) return;
  button("undo").disabled = !session.editor.canUndo;
  button("redo").disabled = !session.editor.canRedo;
  const { empty, busy, frozen } = session.editor;
  button("clear").disabled = empty || frozen;
  button("accept").disabled = empty || frozen || busy;
}

/** Shows an item. @param {Item} item @param {boolean} [automatic] not picked by a person */
export async function choose(item, automatic = false) {
  if (session.editor !== null) {
    if (automatic) return;
    closeEditor();
  }
  if (!automatic) session.following = false;
  session.shown = item;
  notice("");
  await showPicture(item, true, () => session.shown === item);
  if (session.shown !== item) return;
  if (item.source === null) stage.show(null, item.size);
  const points = item.corrected ? [] : item.answer?.points ?? [];
  stage.mark(item.rle && Mask.fromRle(item.rle), points);
  render();
  item.tile.button.scrollIntoView({ block: "nearest", inline: "nearest" });
}

export function closeEditor() {
  session.editor?.close();
  session.editor = null;
}

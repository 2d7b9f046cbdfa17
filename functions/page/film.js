import { button, byId, html, make, showText } from "./dom.js";
import { doubtTexts } from "./doubts.js";
import { counted } from "./messages.js";
import { hasFailed, isWaiting, queueProgress } from "./progress.js";
import { session } from "./session.js";

/** Shows the filmstrip, what waits, and how far the segmentation is. */
export function renderFilm() {
  const { items, later, enrolled } = session;
  html("filmstrip").hidden = !enrolled && later.length === 0;
  renderTiles();
  renderBar();
  renderHeld();
  button("filmstrip-add").disabled = !enrolled && items.length === 0;
}

/** Brings the tiles into the order of the images. */
function renderTiles() {
  const { items, later, shown } = session;
  const plus = html("plus");
  let at = html("tiles").firstElementChild;
  for (const item of [...items, ...later]) {
    const { element } = item.tile;
    item.tile.update(item, item === shown);
    if (at === element) at = element.nextElementSibling;
    else html("tiles").insertBefore(element, at);
  }
  while (at !== null && at !== plus) {
    const gone = at;
    at = at.nextElementSibling;
    gone.remove();
  }
}

function renderBar() {
  const { items, later, segmenting, enrolled } = session;
  const failed = items.filter(hasFailed).length;
  const waits = enrolled ? 0 : later.length;
  html("filmstrip-bar").hidden = !segmenting && failed + waits === 0;
  html("filmstrip-progress").hidden = !segmenting;
  html("filmstrip-cancel").hidden = !segmenting;
  html("filmstrip-retry").hidden = segmenting || failed === 0;
  html("filmstrip-retry").textContent = `Retry all ${failed}`;
  if (!segmenting) {
    html("filmstrip-text").textContent = waits > 0
      ? `${counted(waits, "image")} ${
        waits === 1 ? "waits" : "wait"
      } for the outline`
      : `${counted(failed, "image")} failed or cancelled`;
    return;
  }
  const { text, done, total } = queueProgress();
  html("filmstrip-text").textContent = text;
  const bar = byId("filmstrip-progress", HTMLProgressElement);
  bar.max = total;
  if (done > 0) bar.value = done;
  else bar.removeAttribute("value");
}

/** Warns of references that may not find the structure again, before images are segmented with them. */
function renderHeld() {
  const { items, held, editor } = session;
  html("held").hidden = !held || editor !== null;
  if (!held) return;
  const waiting = counted(items.filter(isWaiting).length, "image");
  showText("held-title", `Segment ${waiting} with this reference?`);
  html("held-doubts").replaceChildren(
    ...doubtTexts().map((text) => make("p", "hint", text)),
  );
  button("held-go").textContent = `Segment ${waiting}`;
}

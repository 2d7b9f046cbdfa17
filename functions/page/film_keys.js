import { button, html } from "./dom.js";
import { session } from "./session.js";
import { selectItem } from "./stage.js";

/** How far each key goes through the film. @type {Record<string, number>} */
const STEPS = {
  ArrowLeft: -1,
  ArrowRight: 1,
  Home: -Infinity,
  End: Infinity,
};

/** Shows an image before or after the one that is shown. @param {number} step */
export async function showNeighbour(step) {
  const { items, shown } = session;
  if (shown === null) return;
  const at = items.indexOf(shown) + step;
  const item = items[Math.min(items.length - 1, Math.max(0, at))];
  if (item && item !== shown) await selectItem(item);
}

html("tiles").addEventListener("keydown", async (event) => {
  const { key, target } = event;
  const { items } = session;
  const item = items.find((one) => one.tile.button === target);
  if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = STEPS[key];
  if (step !== undefined) {
    event.preventDefault();
    const at = items.indexOf(item) + step;
    const next = items[Math.min(items.length - 1, Math.max(0, at))];
    if (!next || next === item) return;
    next.tile.button.focus();
    await selectItem(next);
    // What was begun to be drawn there takes the focus, which stays in the film.
    if (session.shown === next) next.tile.button.focus();
  } else if (key === "Delete") {
    event.preventDefault();
    const at = items.indexOf(item);
    if (session.shown !== item) await selectItem(item);
    if (button("remove").hidden || html("result").hidden) return;
    button("remove").click();
    items[Math.min(at, items.length - 1)]?.tile.button.focus();
  }
});

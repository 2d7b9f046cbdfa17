import * as api from "./api.js";
import { html, showText } from "./dom.js";
import { enrolItem } from "./enrol.js";
import { Mask } from "./mask.js";
import { announce, explainError, showNotice, showProblem } from "./messages.js";
import { startEditing } from "./outline.js";
import { queue } from "./queue.js";
import { selectItem, showNothing } from "./render.js";
import { changed, patient, session } from "./session.js";

export function correctShown() {
  if (session.shown === null) return;
  const { rle, size } = session.shown;
  const mask = rle ? Mask.fromRle(rle) : new Mask(size.width, size.height);
  startEditing(session.shown, mask, "correction");
}

/** Enrols the shown, corrected result as a further reference. */
export async function acceptShown() {
  const item = session.shown;
  if (item?.rle == null) return;
  showText("step-problem", "");
  try {
    const accepted = { at: new Date().toISOString() };
    const mask = Mask.fromRle(item.rle);
    const { label } = session;
    const { revision, drift } = await enrolItem(item, mask, label, accepted);
    changed(item);
    announce(
      `Accepted as a reference (revision ${revision}). Images added from now on use it too.`,
    );
    if (drift?.warning) showNotice(drift.warning);
    html("result-title").focus({ preventScroll: true });
  } catch (error) {
    showProblem("step-problem", error);
  }
}

export async function removeShown() {
  if (session.shown === null) return;
  const { items } = session;
  const at = items.indexOf(session.shown);
  items.splice(at, 1);
  session.shown.tile.element.remove();
  changed();
  const next = items[Math.max(0, at - 1)];
  if (next) await selectItem(next);
  else showNothing();
}

export function retryShown() {
  if (session.shown === null) return;
  session.shown.overall = "waiting";
  queue([]);
}

export async function erasePatient() {
  if (!confirm("Erase this patient's references from the server?")) return;
  showNotice("", "erase");
  try {
    await api.erasePatient(patient());
    location.reload();
  } catch (error) {
    showNotice(explainError(error), "erase");
  }
}

import * as api from "./api.js";
import { html, showText } from "./dom.js";
import { enrolItem } from "./enrol.js";
import { act, redoDeed, undoDeed } from "./history.js";
import { claimToErase, forget } from "./kept.js";
import { Mask } from "./mask.js";
import { announce, explainError, showNotice, showProblem } from "./messages.js";
import { edit } from "./outline.js";
import { isWaiting } from "./progress.js";
import { nameApart, queue } from "./queue.js";
import { changeReferences } from "./references.js";
import { changed, patient, session } from "./session.js";
import { selectItem, showNothing } from "./stage.js";

export async function correctShown() {
  if (session.shown !== null) await edit(session.shown, "correction");
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
    const name = `the use of ${item.name} as a reference`;
    await changeReferences(label, name, async () => {
      const { revision, drift } = await enrolItem(item, mask, label, {
        accepted,
      });
      announce(
        `Accepted as a reference (revision ${revision}). Images added from now on use it too.`,
      );
      if (drift?.warning) showNotice(drift.warning);
      return revision;
    });
    changed(item);
    html("result-title").focus({ preventScroll: true });
  } catch (error) {
    showProblem("step-problem", error);
  }
}

/** Takes the shown image out of the film, until that is undone. */
export async function removeShown() {
  const item = session.shown;
  if (item === null) return;
  const at = session.items.indexOf(item);
  const remove = async () => {
    const { items } = session;
    items.splice(items.indexOf(item), 1);
    item.tile.element.remove();
    changed();
    const next = items[Math.max(0, at - 1)];
    if (next) await selectItem(next);
    else showNothing();
  };
  await remove();
  act({
    name: `the removal of ${item.name}`,
    undo: async () => {
      nameApart([item]);
      session.items.splice(at, 0, item);
      changed(item);
      await selectItem(item);
      if (isWaiting(item)) queue([]);
    },
    redo: remove,
  });
  changed();
}

/** Undoes the last deed, or does it again. @param {"undo" | "redo"} way */
export async function stepBack(way) {
  showNotice("", "deed");
  try {
    const deed = await (way === "undo" ? undoDeed : redoDeed)();
    if (deed) {
      announce(`${way === "undo" ? "Undone" : "Done again"}: ${deed.name}.`);
    }
  } catch (error) {
    showNotice(explainError(error), "deed");
  }
  changed();
}

export function retryShown() {
  if (session.shown === null) return;
  session.shown.overall = "waiting";
  queue([]);
}

export async function erasePatient() {
  const question =
    "Erase this patient's references from the server, and the images and outlines from this browser?";
  if (!confirm(question)) return;
  showNotice("", "erase");
  try {
    await claimToErase(patient());
    await api.erasePatient(patient()).catch((error) => {
      const isGone = error instanceof api.Problem && error.code === "not-found";
      if (!isGone) throw error;
    });
    await forget(patient());
    history.replaceState(null, "", location.pathname);
    location.reload();
  } catch (error) {
    showNotice(explainError(error), "erase");
  }
}

import { referencesOf } from "./api.js";
import { html, showText } from "./dom.js";
import { outlineNext, resumeFirst } from "./first_image.js";
import { drawTile } from "./item.js";
import { restoreKept } from "./kept.js";
import { explainError, showNotice } from "./messages.js";
import { queue } from "./queue.js";
import { matchReferences } from "./references.js";
import { changed, patient, randomPatient, render, session } from "./session.js";
import { enterWorkspace, selectItem } from "./stage.js";
import {
  enrolledStructures,
  lookUpPatient,
  takeReferences,
} from "./structures.js";

/** @import { Item } from "./item.js" */
/** @import { KnownReference } from "./session.js" */

/** The patient that the address names; a new random one where it names none. */
export function patientOfAddress() {
  const [, named = ""] = /^#\/patients\/(.+)$/.exec(location.hash) ?? [];
  try {
    return { id: decodeURIComponent(named) || randomPatient(), named };
  } catch {
    return { id: randomPatient(), named: "" };
  }
}

/** Opens the patient at hand: with what is kept in this browser, and with what the server knows. Where there is neither,
 * the first image is still to be opened. */
export async function openPatient() {
  const kept = await restoreKept();
  if (kept === null) return await openKnown();
  enterWorkspace();
  const drawn = drawTiles();
  const { shown } = kept;
  if (shown && session.enrolled) await selectItem(shown);
  else if (shown) await resumeFirst(shown);
  else if (!session.enrolled) await outlineNext();
  // It could not be opened.
  if (html("work").hidden) return;
  try {
    compare(await referencesOf(patient()));
  } catch (error) {
    showNotice(
      `${
        explainError(error)
      } The images and outlines that are kept in this browser are shown.`,
      "server",
    );
  }
  await drawn;
  changed();
  if (session.enrolled) queue([]);
}

/** Opens a patient of whom only the server knows. */
async function openKnown() {
  showText("start-problem", "");
  if (!await lookUpPatient() || enrolledStructures().length === 0) return;
  session.enrolled = true;
  enterWorkspace();
  render();
}

/** One after another, so that a large film does not hold every picture at once. */
async function drawTiles() {
  for (const item of [...session.items]) await drawTile(item).catch(() => {});
}

/** Compares the references that the page remembers with those that the server has.
 * @param {KnownReference[]} known */
function compare(known) {
  takeReferences(known);
  for (const { label } of session.structures) matchReferences(label);
  if (session.enrolled && known.length === 0) {
    showNotice(
      "The server has no reference of this patient any more. What is kept in this browser is shown. Accept one of the " +
        "outlines as a reference to segment further images.",
      "server",
    );
  }
  if (known.length > 0) session.enrolled = true;
}

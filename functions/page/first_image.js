import { withBusyBar } from "./busy_bar.js";
import { button, html, input, showText } from "./dom.js";
import { Mask } from "./mask.js";
import { showProblem } from "./messages.js";
import { startEditing } from "./outline.js";
import { prepare } from "./prepare.js";
import { queue } from "./queue.js";
import {
  closeEditor,
  enterWorkspace,
  leaveWorkspace,
  showPicture,
} from "./render.js";
import { lookUpPatient, session } from "./session.js";

/** @import { Item } from "./item.js" */

/** Opens the first images: the first is outlined, unless the server has references of the patient.
 * @param {Item[]} items */
export async function openFirst(items) {
  const [first, ...others] = items;
  session.later = others;
  if (first === undefined || !await lookUpPatient()) return;
  if (session.references.length > 0) {
    enterWorkspace();
    session.enrolled = true;
    session.following = true;
    queue([first, ...session.later.splice(0)]);
    return;
  }
  first.reference = true;
  await outlineReference(first);
}

/** Prepares an image and lets the user outline it.
 * @param {Item} item @param {Mask | null} [known] an outline to begin with */
export async function outlineReference(item, known = null) {
  showText("start-problem", "");
  enterWorkspace();
  let preparing = true;
  const early = () => showPicture(item, false, () => preparing);
  try {
    await withBusyBar(
      "Preparing the image",
      (signal) => prepare(item, signal, early),
    );
  } catch (error) {
    leaveWorkspace();
    showProblem("start-problem", error);
    button("open").focus();
    return;
  } finally {
    preparing = false;
  }
  session.items.push(item);
  input("frame").max = String(item.frames);
  input("frame").valueAsNumber = item.frame + 1;
  showFrameNumber();
  await showPicture(item, true);
  startEditing(item, known ?? new Mask(item.size.width, item.size.height), {
    eyebrow: "Step 1 of 2",
    title: "Outline the structure",
    accept: "Use this outline",
    reject: "Choose another image",
  });
}

export function showFrameNumber() {
  const { value, max } = input("frame");
  html("frame-number").textContent = `${value} of ${max}`;
}

/** Outlines another frame of the first image instead. */
export async function openFrame() {
  closeEditor();
  const [item] = session.items.splice(0);
  if (item === undefined) return;
  item.frame = input("frame").valueAsNumber - 1;
  item.source = null;
  await outlineReference(item);
  input("frame").focus();
}

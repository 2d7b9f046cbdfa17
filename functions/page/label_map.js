import { html, nothing, render } from "./libraries/lit-html/lit-html.js";
import { enrolLabels, readMask, referencesOf } from "./api.js";
import { withBusyBar } from "./busy_bar.js";
import * as dom from "./dom.js";
import { newReference, noteEnrolled } from "./enrol.js";
import { Mask } from "./mask.js";
import { showNotice, showProblem } from "./messages.js";
import { afterEnrolment } from "./outline.js";
import { actOnReferences, eraseAll } from "./references.js";
import { patient, session } from "./session.js";

/** @import { Rle, Schemas } from "./api.js" */
/** @import { Item } from "./item.js" */

/** Offers to take all structures of a mask file, each with a name. None are offered for an empty list.
 * @param {File | null} file @param {string[]} choices @param {string[]} [names] what the file calls them */
export function offerAll(file, choices, names = []) {
  const labels = choices.map((choice, i) => labelOf(names[i] || choice));
  const part = file === null || choices.length < 2 ? nothing : html`
    <form @submit=${(/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      takeAll(file, choices);
    }}>
      <p>Or take all ${choices.length}, each with its name:</p>
      ${choices.map((choice, i) =>
        html`
          <label for="mask-name-${i}">${names[i]
            ? `${choice}: ${names[i]}`
            : choice}</label>
          <input id="mask-name-${i}" required maxlength="64" autocomplete="off"
            .value=${apart(labels, i, choice)}>
        `
      )}
      <button type="submit">Enrol all ${choices.length}</button>
    </form>
  `;
  render(part, dom.html("mask-all"));
}

/** What a structure is called at first: what its file calls it, as a name may be here, or its number in words; empty where
 * nothing of it may be a name. @param {string} name */
export const labelOf = (name) =>
  /^[\d.]+$/.test(name)
    ? `structure ${name}`
    : name.normalize().replace(/[^\p{L}\p{M}\p{N} ._-]/gu, " ")
      .replace(/^[^\p{L}\p{N}]+/u, "").slice(0, 64).trim();

/** A name that none of the others is. @param {string[]} labels @param {number} i @param {string} choice */
const apart = (labels, i, choice) => {
  const label = labels[i] ?? "";
  const isShared = labels.some((other, k) => k !== i && other === label);
  return label && !isShared
    ? label
    : `${label.slice(0, 40) || "structure"} ${labelOf(choice).slice(-20)}`;
};

/** Enrols every structure of a file on the image that is being outlined.
 * @param {File} file @param {string[]} choices */
async function takeAll(file, choices) {
  const { edited: item } = session;
  if (item === null) return;
  const names = choices.map((_, i) => dom.input(`mask-name-${i}`).value.trim());
  const labels = Object.fromEntries(choices.map((c, i) => [c, names[i] ?? ""]));
  dom.showText("mask-problem", "");
  try {
    const { taken, refused } = await withBusyBar(
      "Enrolling the structures",
      (signal) => enrolAll(item, file, labels, signal),
    );
    const [first] = taken;
    if (first === undefined) {
      return dom.showText("mask-problem", refused.join(" "));
    }
    for (const { enrolled, rle } of taken) {
      const { label, revision } = enrolled;
      const { area } = Mask.fromRle(rle);
      noteEnrolled(item, enrolled);
      const drawn = { rle, area, corrected: true, error: null };
      Object.assign(item.findingOf(label), drawn);
      actOnReferences(label, `the enrolment of ${label}`, revision);
    }
    await afterEnrolment(item, first.enrolled.label);
    if (refused.length > 0) showNotice(refused.join(" "), "structures");
  } catch (error) {
    showProblem("mask-problem", error);
  }
}

/** Enrols the structures and reads their outlines: all of it, or nothing is left on the server.
 * @param {Item} item @param {File} mask @param {Record<string, string>} labels by what the file calls them
 * @param {AbortSignal} signal
 * @returns what was taken, and which were refused and why */
async function enrolAll(item, mask, labels, signal) {
  const { file, frame } = item;
  const name = newReference();
  try {
    const annotation = { file, frame, mask, labels };
    const answer = await enrolLabels(patient(), name, annotation, signal);
    /** @type {{enrolled: Schemas["EnrolledReference"], rle: Rle}[]} */
    const taken = [];
    const refused = [];
    for (const { label, segment, enrolled, problem } of answer.labels) {
      if (enrolled) {
        const { mask: read } = await readMask(item, mask, segment, signal);
        const rle = { size: read.size, counts: read.counts };
        taken.push({ enrolled, rle });
      } else refused.push(`“${label}” was refused: ${problem?.detail ?? ""}`);
    }
    return { taken, refused };
  } catch (error) {
    // Their names begin with one that no other has.
    await referencesOf(patient()).then((known) =>
      eraseAll(known.filter(({ reference }) => reference.startsWith(name)))
    ).catch(() => {});
    throw error;
  }
}

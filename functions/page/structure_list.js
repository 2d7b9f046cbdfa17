import { html, nothing, render } from "./libraries/lit-html/lit-html.js";
import * as dom from "./dom.js";
import { drawTile } from "./item.js";
import { areaOf, areaText } from "./measures.js";
import { counted, when } from "./messages.js";
import { edit } from "./outline.js";
import * as references from "./references.js";
import { changed, session } from "./session.js";
import { selectItem } from "./stage.js";
import { dropStructure, structureOf } from "./structures.js";

/** @import { KnownReference, Structure } from "./session.js" */

/** Lists the structures, and the references of the chosen one. */
export function renderStructures() {
  const { structures, label, enrolled, editor, showsAll } = session;
  const isShown = enrolled && editor === null;
  dom.html("structures").hidden = !isShown;
  if (!isShown) return;
  const chosen = structures.find((one) => one.label === label);
  render(
    html`
      <h2>Structures</h2>
      <ul>${structures.map(structureRow)}</ul>
      ${structures.length < 2 ? nothing : html`<label class="check">
        <input type="checkbox" id="show-all" .checked=${showsAll}
          @change=${toggleAll}>Show all of them on the image</label>`}
      <form class="row" @submit=${addStructure}>
        <input id="new-structure" required maxlength="64" autocomplete="off"
          aria-label="Name of another structure" placeholder="Another one"
          pattern="[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N} ._\\-]*"
          title="Letters, digits, spaces, or . _ -, the first a letter or digit">
        <button>Outline it</button>
      </form>
      <p class="problem" id="new-structure-problem" role="alert" hidden></p>
      ${chosen ? referenceList(chosen) : nothing}
    `,
    dom.html("structures"),
  );
}

/** @param {Structure} structure */
function structureRow({ label, colour, references }) {
  const { shown } = session;
  const finding = shown?.findings.get(label);
  const isDrawn = session.items.some(({ drafts }) =>
    drafts.some((draft) => draft.label === label)
  );
  const area = shown && finding?.rle
    ? finding.missing
      ? "not found here"
      : `${areaText(areaOf(shown, finding.rle, finding.area))} here`
    : "";
  const count = counted(references.length, "reference");
  const note = [area, count, isDrawn ? "being drawn" : ""];
  return html`<li><button type="button" aria-pressed=${
    label === session.label
  } @click=${() => chooseStructure(label)}>
    <svg class="swatch" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="7" fill=${colour} /></svg>
    <span class="words"><span class="name">${label}</span>
    <span class="note">${note.filter(Boolean).join(" · ")}</span></span>
  </button></li>`;
}

/** @param {Structure} structure */
function referenceList({ label, references: list }) {
  const count = counted(list.length, "reference");
  return html`
    <details id="references">
      <summary>${count} of ${label}</summary>
      <ul>${list.map(referenceRow)}</ul>
      <details id="revisions" @toggle=${(/** @type {Event} */ { target }) =>
        target instanceof HTMLDetailsElement && target.open &&
        references.listRevisions(label).catch(() => {})}>
        <summary>Earlier revisions</summary>
        <ul>${references.revisions.label === label
          ? references.revisions.list.map((one, i) =>
            revisionRow(label, one, i)
          )
          : nothing}</ul>
      </details>
    </details>
  `;
}

/** @type {Record<string, string>} */
const VERDICTS = {
  good: "Good",
  weak: "Weak",
  ambiguous: "Ambiguous",
  unusable: "Not usable",
};

/** @param {KnownReference} reference */
function referenceRow(reference) {
  const { reference: name, report, createdAt, label } = reference;
  const item = references.itemOfReference(reference);
  const { shown } = session;
  const canReplace = shown !== null && shown !== item &&
    Boolean(shown.findings.get(label)?.area);
  const verdict = report?.verdict ?? "";
  const advice = report && verdict !== "good" ? report.advice : "";
  return html`<li>
    <p><strong>${name}</strong> <span class="verdict ${verdict}">${
    VERDICTS[verdict] ?? "Not tested"
  }</span>
    <span class="hint">${item ? `${item.name} · ` : ""}${
    when.format(new Date(createdAt))
  }</span></p>
    ${advice ? html`<p class="hint">${advice}</p>` : nothing}
    <div class="row">
      ${
    item && item !== shown
      ? html`
        <button type="button" class="small" aria-label="Show ${name}"
          @click=${() => references.showReference(item)}>Show</button>
      `
      : nothing
  }
      <button type="button" class="small" aria-label="Replace ${name}" ?disabled=${!canReplace}
        title="Use the shown outline in its place"
        @click=${() => references.replaceReference(reference)}>Replace</button>
      <button type="button" class="small" aria-label="Remove ${name}"
        @click=${() => references.removeReference(reference)}>Remove</button>
    </div>
  </li>`;
}

/** @param {string} label @param {references.Revision} revision @param {number} i 0 is in use */
function revisionRow(
  label,
  { revision, change, reference, restored, at, references: list },
  i,
) {
  const what = restored === null
    ? `${reference ?? "all"} ${change}`
    : `revision ${restored} restored`;
  return html`<li>
    <p>Revision ${revision} <span class="hint">${what} · ${
    when.format(new Date(at))
  } · ${
    list.map((one) => one.reference).join(", ") || "no reference"
  }</span></p>
    ${
    i === 0 ? html`<p class="hint">In use</p>` : html`
      <button type="button" class="small" aria-label="Restore revision ${revision}"
        @click=${() =>
          references.restoreRevision(label, revision)}>Restore</button>
    `
  }
  </li>`;
}

/** @param {string} label */
async function chooseStructure(label) {
  session.label = label;
  const { shown } = session;
  if (shown) await selectItem(shown);
  await redrawTiles();
  changed();
}

async function toggleAll() {
  session.showsAll = !session.showsAll;
  const { shown } = session;
  if (shown) await selectItem(shown);
  await redrawTiles();
  changed();
}

async function redrawTiles() {
  for (const item of [...session.items]) await drawTile(item);
}

/** Begins the outline of a further structure on the shown image. @param {SubmitEvent} event */
async function addStructure(event) {
  event.preventDefault();
  const field = dom.input("new-structure");
  const label = field.value.normalize("NFC").trim();
  const { structures, items } = session;
  const item = session.shown ?? items.find(({ source }) => source !== null);
  const problem = structures.some((one) => one.label === label)
    ? `There is a structure “${label}” already.`
    : item
    ? ""
    : "Add an image first, on which the structure can be outlined.";
  dom.showText("new-structure-problem", problem);
  if (problem !== "" || item === undefined) return;
  field.value = "";
  structureOf(label);
  session.label = label;
  await selectItem(item);
  if (session.shown !== item) return dropStructure(label);
  changed(item);
  await edit(item, "structure");
}

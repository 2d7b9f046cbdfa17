import * as api from "./api.js";
import { withBusyBar } from "./busy_bar.js";
import { enrolItem } from "./enrol.js";
import { act } from "./history.js";
import { Mask } from "./mask.js";
import { announce, explainError, showNotice } from "./messages.js";
import { changed, patient, session } from "./session.js";
import { selectItem } from "./stage.js";
import { structureOf } from "./structures.js";

/** @import { Schemas } from "./api.js" */
/** @import { Item } from "./item.js" */
/** @import { KnownReference } from "./session.js" */
/** @typedef {Schemas["Revision"]} Revision */

/** The revisions that were listed last, and of which structure. @type {{label: string, list: Revision[]}} */
export let revisions = { label: "", list: [] };

/** Shows which findings are references, after the list of a structure's references has changed.
 * @param {string} label */
export function matchReferences(label) {
  const { references } = structureOf(label);
  for (const item of session.items) {
    const finding = item.findings.get(label);
    if (!finding?.enrolledAt) continue;
    const mine = references.find(({ createdAt }) =>
      createdAt === finding.enrolledAt
    );
    finding.reference = mine?.reference ?? "";
    changed(item);
  }
}

/** The image on this page that a reference was made of. @param {KnownReference} reference */
export const itemOfReference = ({ label, createdAt }) =>
  session.items.find(({ findings }) =>
    findings.get(label)?.enrolledAt === createdAt
  );

/** Changes a structure's references, in a way that can be undone: by the revision before.
 * @param {string} label @param {string} name of the deed @param {() => Promise<unknown>} step */
export async function changeReferences(label, name, step) {
  await step();
  const [newest] = await api.listRevisions(patient(), label);
  const after = newest?.revision ?? 0;
  if (after > 1) {
    act({
      name,
      undo: () => restore(label, after - 1),
      redo: () => restore(label, after),
    });
  }
  matchReferences(label);
  if (revisions.label === label) await listRevisions(label);
  changed();
}

/** @param {string} label @param {number} revision */
async function restore(label, revision) {
  const made = await api.restoreRevision(patient(), label, revision);
  structureOf(label).references = made.references;
  matchReferences(label);
  if (revisions.label === label) await listRevisions(label);
  changed();
}

/** Lists what the references of a structure were before. @param {string} label */
export async function listRevisions(label) {
  revisions = { label, list: await api.listRevisions(patient(), label) };
  changed();
}

/** Says what went wrong with a step over the image. @param {() => Promise<unknown>} step @param {string} done */
async function tell(step, done) {
  showNotice("", "references");
  try {
    await step();
    announce(done);
  } catch (error) {
    if (!api.isCancelled(error)) showNotice(explainError(error), "references");
  }
}

/** @param {KnownReference} reference */
export const removeReference = ({ label, reference }) =>
  tell(() =>
    changeReferences(label, `removing ${reference}`, async () => {
      await withBusyBar(
        "Removing the reference",
        () => api.eraseReference(patient(), reference),
      );
      const structure = structureOf(label);
      structure.references = structure.references.filter((one) =>
        one.reference !== reference
      );
    }), `${reference} is removed. Undo brings it back.`);

/** Enrols the shown outline in place of a reference. @param {KnownReference} reference */
export const replaceReference = ({ label, reference }) =>
  tell(async () => {
    const item = session.shown;
    const rle = item?.findings.get(label)?.rle;
    if (!item || !rle) return;
    const accepted = { at: new Date().toISOString() };
    await changeReferences(
      label,
      `replacing ${reference}`,
      () => enrolItem(item, Mask.fromRle(rle), label, { accepted, reference }),
    );
  }, `${reference} is replaced by the shown outline.`);

/** @param {string} label @param {number} revision */
export const restoreRevision = (label, revision) =>
  tell(
    () =>
      changeReferences(
        label,
        `restoring revision ${revision}`,
        () => restore(label, revision),
      ),
    `The references are those of revision ${revision} again.`,
  );

/** @param {Item} item */
export const showReference = (item) => selectItem(item);

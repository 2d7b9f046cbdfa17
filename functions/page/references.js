import * as api from "./api.js";
import { withBusyBar } from "./busy_bar.js";
import { enrolItem } from "./enrol.js";
import { act, forgetDeed } from "./history.js";
import { Mask } from "./mask.js";
import { announce, explainError, showNotice } from "./messages.js";
import { changed, patient, session } from "./session.js";
import { selectItem } from "./stage.js";
import { structureOf, takeReferences } from "./structures.js";

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
 * @param {string} label @param {string} name of the deed
 * @param {() => Promise<number | undefined>} step gives the revision that it makes */
export async function changeReferences(label, name, step) {
  actOnReferences(label, name, await step());
  matchReferences(label);
  if (revisions.label === label) await listRevisions(label);
  changed();
}

/** Lets a change of a structure's references be undone.
 * @param {string} label @param {string} name of the deed @param {number} [after] the revision that it made */
export function actOnReferences(label, name, after) {
  if (after === undefined) return;
  const move = async (
    /** @type {number} */ to,
    /** @type {number} */ from,
  ) => {
    if (await restore(label, to, from) !== null) return;
    forgetDeed(deed);
    throw changedElsewhere(label);
  };
  const deed = {
    name,
    undo: () => move(after - 1, after),
    redo: () => move(after, after - 1),
  };
  act(deed);
}

/** @param {string} label */
const changedElsewhere = (label) =>
  new api.Problem({
    title: "The references were changed elsewhere",
    detail:
      `Another window or program has changed the references of “${label}” since then, and that change would be lost. ` +
      "Look at the list, and choose among the earlier revisions.",
  });

/** Brings the references of a structure back to a revision.
 * @param {string} label @param {number} revision 0 for none, which came before the first
 * @param {number | undefined} from the revision whose references are in use, as the page knows
 * @returns {Promise<number | null>} the revision that it becomes; null, and nothing is done, where others are in use */
async function restore(label, revision, from) {
  const [known, list] = await Promise.all([
    api.referencesOf(patient()),
    api.listRevisions(patient(), label),
  ]);
  const of = (/** @type {number | undefined} */ number) =>
    list.find((one) => one.revision === number)?.references ?? [];
  const textOf = (/** @type {KnownReference[]} */ all) =>
    JSON.stringify(all.map((one) => [one.reference, one.createdAt]));
  const isExpected = textOf(of(list[0]?.revision)) === textOf(of(from));
  const names = of(revision).map(({ reference }) => reference);
  const taken = known.find((one) =>
    one.label !== label && names.includes(one.reference)
  );
  if (isExpected && taken) {
    throw new api.Problem({
      title: "The revision cannot be restored",
      detail:
        `Its reference ${taken.reference} has the name of one of “${taken.label}”, which would lose it. ` +
        "Remove that one first if that is what you want.",
    });
  }
  const made = isExpected &&
    (revision > 0
      ? await api.restoreRevision(patient(), label, revision)
      : await eraseAll(of(from)));
  takeReferences(known);
  if (made) structureOf(label).references = made.references;
  for (const one of session.structures) matchReferences(one.label);
  if (revisions.label === label) await listRevisions(label);
  changed();
  return made ? made.revision : null;
}

/** @param {KnownReference[]} references */
export async function eraseAll(references) {
  for (const { reference } of references) {
    await api.eraseReference(patient(), reference);
  }
  return { references: [], revision: 0 };
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
      const list = await api.listRevisions(patient(), label);
      return list.find((one) =>
        one.change === "deleted" && one.reference === reference
      )?.revision;
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
      async () => {
        const mask = Mask.fromRle(rle);
        const options = { accepted, reference };
        return (await enrolItem(item, mask, label, options)).revision;
      },
    );
  }, `${reference} is replaced by the shown outline.`);

/** @param {string} label @param {number} revision */
export const restoreRevision = (label, revision) =>
  tell(
    () =>
      changeReferences(
        label,
        `restoring revision ${revision}`,
        async () => {
          const [newest] = revisions.list;
          const made = await restore(label, revision, newest?.revision);
          if (made === null) throw changedElsewhere(label);
          return made;
        },
      ),
    `The references are those of revision ${revision} again.`,
  );

/** @param {Item} item */
export const showReference = (item) => selectItem(item);

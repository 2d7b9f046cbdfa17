import { session } from "./session.js";

/** @import { Item } from "./item.js" */
/** @import { Drawing } from "./mask_editor.js" */
/** Why a mask is drawn: for the first reference of all, for the first one of a further structure, or to correct a
 * result.
 * @typedef {"first" | "structure" | "correction"} Purpose */
/** A drawing that is not accepted yet, of a structure on a frame of its image.
 * @typedef {Drawing & {label: string, frame: number, purpose: Purpose}} Draft */

/** Keeps what is being drawn with its image: the outline of the first image even if nobody has changed it. */
export function noteDraft() {
  const { editor, edited, label, purpose } = session;
  if (editor === null || edited === null) return;
  discardDraft(edited);
  if (!editor.touched && (purpose !== "first" || editor.area === 0)) return;
  const { frame } = edited;
  edited.drafts.push({ ...editor.drawing, label, frame, purpose });
}

/** Forgets what was drawn of the chosen structure on an image. @param {Item} item */
export function discardDraft(item) {
  const { label } = session;
  item.drafts = item.drafts.filter((draft) =>
    draft.label !== label || draft.frame !== item.frame
  );
}

/** Whether what was begun on an image may be thrown away, on whichever frame: asks the user, if there is anything.
 * @param {Item} item */
export const mayLeave = ({ drafts }) =>
  drafts.every(({ steps, undone }) => steps.length + undone.length < 2) ||
  confirm("Throw away what you have drawn on this image?");

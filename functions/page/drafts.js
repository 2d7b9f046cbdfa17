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

/** Whether what is being drawn may be thrown away: asks the user, if there is anything.
 * @returns {Promise<boolean>} */
export async function leaveDraft() {
  if (!session.editor?.touched) return true;
  return await Promise.resolve(
    confirm("Throw away what you have drawn on this image?"),
  );
}

/** @import { Rle } from "./api.js" */
/** @import { Item } from "./item.js" */
/** @import { Mask } from "./mask.js" */

/** The mask file that the outline of an item was taken from, where the server can read it.
 * @typedef {{item: Item, file: File, segment: string, rle: Rle}} Origin */

/** @type {Origin | null} */ let taken = null;

/** @param {Origin} origin */
export const rememberOrigin = (origin) => taken = origin;
export const forgetOrigin = () => taken = null;

/** What to enrol in place of the outline: the file that it was taken from, if it has not been changed since.
 * @param {Item} item @param {Mask} mask */
export function originalOf(item, mask) {
  if (taken?.item !== item) return null;
  if (taken.rle.counts !== mask.toRle().counts) return null;
  return { mask: taken.file, segment: taken.segment };
}

/** What was done to the page's images and references, and how it is undone.
 * @typedef {{name: string, undo: () => unknown, redo: () => unknown}} Deed */

/** @type {Deed[]} */ const done = [];
/** @type {Deed[]} */ let undone = [];
/** Whether a deed is being undone or done again. */ let running = false;

/** Notes a deed that has just been done. @param {Deed} deed */
export function act(deed) {
  done.push(deed);
  undone = [];
}

/** Forgets a deed that can be undone no more. @param {Deed} deed */
export function forgetDeed(deed) {
  for (const list of [done, undone]) {
    if (list.includes(deed)) list.splice(list.indexOf(deed), 1);
  }
}

/** Name of the deed that would be undone; empty where there is none. */
export const nextUndo = () => done.at(-1)?.name ?? "";
/** Name of the deed that would be done again; empty where there is none. */
export const nextRedo = () => undone.at(-1)?.name ?? "";

export const undoDeed = () => step(done, undone, "undo");
export const redoDeed = () => step(undone, done, "redo");

/** @param {Deed[]} from @param {Deed[]} to @param {"undo" | "redo"} way
 * @returns {Promise<Deed | null>} what was undone or done again */
async function step(from, to, way) {
  const deed = from.at(-1);
  if (deed === undefined || running) return null;
  running = true;
  try {
    await deed[way]();
    from.splice(from.indexOf(deed), 1);
    to.push(deed);
    return deed;
  } finally {
    running = false;
  }
}

import { volumeOf } from "./measures.js";
import { labels, measureOf } from "./records.js";

/** @import { Item } from "./item.js" */
/** The images of one file or series, in their order; placed where each lies in another place along the normal.
 * @typedef {{name: string, items: Item[], isPlaced: boolean}} Stack */

/** Slices closer than this lie in one place, mm. */
const SAME_PLACE = 0.001;

/** Millimetres of an item along the normal of its plane; null where they are not known. @param {Item} item */
export const placeOf = ({ facts, frame }) =>
  facts?.slices?.[frame] ?? facts?.slice ?? null;

/** Frames of an item's file, whether or not they are on this page. @param {Item} item */
export const framesOf = ({ facts, frames }) => facts?.frames ?? frames;

/** What all images of an item's stack have in common; null for a picture that is in none. @param {Item} item */
const keyOf = (item) =>
  item.facts?.series ?? (framesOf(item) > 1 ? item.file : null);

/** The stacks of at least two images, in the order of their first ones. @param {Item[]} items @returns {Stack[]} */
export const stacksOf = (items) =>
  [...Map.groupBy(items, keyOf)].flatMap(([key, images]) => {
    if (key === null || images.length < 2) return [];
    const sorted = images.toSorted((a, b) =>
      (placeOf(a) ?? 0) - (placeOf(b) ?? 0) || a.frame - b.frame
    );
    const isPlaced = sorted.every((item, i) => {
      const [at, before] = [placeOf(item), placeOf(sorted[i - 1] ?? item)];
      return at !== null && before !== null &&
        (i === 0 || at - before >= SAME_PLACE);
    });
    return [{ name: nameOf(images), items: sorted, isPlaced }];
  });

/** The stack to which an item belongs. @param {Item[]} items @param {Item} item */
export const stackOf = (items, item) =>
  stacksOf(items).find((stack) => stack.items.includes(item));

/** What the names of slices begin with, if that is a name. @param {Item[]} slices */
function nameOf([first, ...others]) {
  let { name = "" } = first ?? {};
  for (const other of others) {
    while (!other.name.startsWith(name)) name = name.slice(0, -1);
  }
  return name.replace(/[\s_.-]+\d*$|\d+$/, "") || "series";
}

/** The volume of a structure in a stack; null where the size of its pixels is not known, or where it is none.
 * @param {Stack} stack @param {string} label */
export function stackVolume({ items, isPlaced }, label) {
  if (!isPlaced) return null;
  const slices = items.map((item) => ({
    at: placeOf(item) ?? 0,
    mm2: measureOf(item, label)?.area.mm2 ?? null,
  }));
  const taken = new Set(slices.map(({ at }) => at));
  // Frames that were taken out of the film are not measured either.
  for (const all of new Set(items.map(({ facts }) => facts?.slices))) {
    for (const at of all ?? []) {
      if (at === null || taken.has(at)) continue;
      taken.add(at);
      slices.push({ at, mm2: null });
    }
  }
  return volumeOf(slices, items[0]?.facts?.spacing?.z ?? null);
}

/** The volumes of every structure. @param {Item[]} items */
export const volumesOf = (items) =>
  stacksOf(items).flatMap((stack) =>
    labels().flatMap((label) => {
      const volume = stackVolume(stack, label);
      return volume === null ? [] : [{ stack, label, volume }];
    })
  );

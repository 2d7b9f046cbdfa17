import { areaOf } from "./measures.js";
import { session } from "./session.js";

/** @import { Rle } from "./api.js" */
/** @import { Finding, Item } from "./item.js" */
/** @import { Area } from "./measures.js" */
/** @import { Kind } from "./plot.js" */
/** A structure in an image: its area, 0 where it was not found.
 * @typedef {{area: Area, missing: boolean, kind: Kind, finding: Finding, rle: Rle}} Measure */

/** The names of the structures, in the order of the list. */
export const labels = () => session.structures.map(({ label }) => label);

/** What is measured of a structure in an image; null where there is no result.
 * @param {Item} item @param {string} label @returns {Measure | null} */
export function measureOf(item, label) {
  const finding = item.findings.get(label);
  if (finding?.rle == null) return null;
  const { kind, missing } = finding;
  const area = areaOf(item, finding.rle, missing ? 0 : finding.area);
  return { area, missing, kind, finding, rle: finding.rle };
}

/** The first image that is a reference of a structure, to which others are compared.
 * @param {Item[]} items @param {string} label */
export const baseline = (items, label) =>
  items.find((item) => measureOf(item, label)?.kind === "reference");

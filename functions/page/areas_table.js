import { areaGrowth, growth } from "./measures.js";
import { baseline, labels, measureOf } from "./records.js";
import { placeOf, stackOf, stackVolume } from "./stacks.js";

/** @import { Cell } from "./csv.js" */
/** @import { Item } from "./item.js" */

const HEAD = [
  ...["image", "structure", "present", "area_px", "area_mm2"],
  ...["change_percent", "volume_ml", "slices_not_measured", "kind"],
  ...["predicted_iou", "distance", "confidence", "slice_mm", "acquired_at"],
];

/** Of an image, how a structure has grown since the reference, in percent: of a stack, its volume since the stack of
 * the reference; null where the two cannot be compared.
 * @param {Item[]} items @param {Item} item @param {string} label */
export function changeOf(items, item, label) {
  const first = baseline(items, label);
  if (first === undefined || first === item) return null;
  const [stack, before] = [stackOf(items, item), stackOf(items, first)];
  const isSame = stack !== undefined && stack.items[0] === before?.items[0];
  if (isSame && placeOf(item) !== placeOf(first)) return null;
  if (!isSame && (stack?.isPlaced || before?.isPlaced)) {
    const [now, then] = [stack, before].map((one) =>
      one ? stackVolume(one, label) : null
    );
    return now && then ? growth(now.ml, then.ml) : null;
  }
  const [now, then] = [measureOf(item, label), measureOf(first, label)];
  return now && then && !now.missing ? areaGrowth(now.area, then.area) : null;
}

/** A row for each structure of each image; where it was not found, it has no area.
 * @param {Item[]} items @returns {Cell[][]} */
export function areaRows(items) {
  const rows = items.flatMap((item) =>
    labels().flatMap((label) => {
      const measure = measureOf(item, label);
      if (measure === null) {
        return item.state === "failed" ? [[item.name, label, ...FAILED]] : [];
      }
      const { area, missing, kind, finding } = measure;
      const stack = stackOf(items, item);
      const volume = stack ? stackVolume(stack, label) : null;
      const own = kind === "found" ? finding.answer : null;
      return [[
        item.name,
        label,
        area.px > 0,
        missing ? null : area.px,
        missing ? null : round(area.mm2),
        round(changeOf(items, item, label)),
        round(volume?.ml),
        volume?.missing,
        kind === "found" ? "segmented" : kind,
        own?.predictedIou,
        own?.distance,
        own?.confidence,
        placeOf(item),
        item.facts?.acquiredAt,
      ].map((value) => value ?? null)];
    })
  );
  return [HEAD, ...rows];
}

/** The cells of an image that could not be segmented, after its name and structure. */
const FAILED = HEAD.slice(2).map((name) => name === "kind" ? "failed" : null);

/** Six digits: more are not measured. @param {number | null | undefined} value */
const round = (value) => value == null ? null : Number(value.toPrecision(6));

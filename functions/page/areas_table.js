import { areaGrowth, growth, growthText } from "./measures.js";
import { baseline, labels, measureOf } from "./records.js";
import { placeOf, stackOf, stackVolume } from "./stacks.js";

/** @import { Cell } from "./csv.js" */
/** @import { Item } from "./item.js" */

const HEAD = [
  ...["image", "structure", "present", "area_px", "area_mm2"],
  ...["change_percent", "volume_ml", "slices_not_measured", "kind"],
  ...["predicted_iou", "distance", "confidence", "slice_mm", "acquired_at"],
  "reference_slices_not_measured",
];

/** Growth in percent, null where it is not known; and how many slices without a result are why, now and then.
 * @typedef {{percent: number | null, now: number, then: number}} Change */

/** How a structure has grown in an image since the reference: of a stack, its volume since the stack of the reference,
 * where every slice of both was measured.
 * @param {Item[]} items @param {Item} item @param {string} label @returns {Change} */
export function changeOf(items, item, label) {
  const of = (/** @type {number | null} */ percent, now = 0, then = 0) => ({
    percent,
    now,
    then,
  });
  const first = baseline(items, label);
  if (first === undefined || first === item) return of(null);
  const [stack, before] = [stackOf(items, item), stackOf(items, first)];
  const isSame = stack !== undefined && stack.items[0] === before?.items[0];
  if (isSame && placeOf(item) !== placeOf(first)) return of(null);
  if (!isSame && (stack?.isPlaced || before?.isPlaced)) {
    const now = stack && stackVolume(stack, label);
    const then = before && stackVolume(before, label);
    if (!now || !then) return of(null);
    const isWhole = now.missing === 0 && then.missing === 0;
    return of(
      isWhole ? growth(now.ml, then.ml) : null,
      now.missing,
      then.missing,
    );
  }
  const [now, then] = [measureOf(item, label), measureOf(first, label)];
  return of(
    now && then && !now.missing ? areaGrowth(now.area, then.area) : null,
  );
}

/** The growth since the reference in words, or why it is not told; empty where there is nothing to compare.
 * @param {Change} change */
export function changeText({ percent, now, then }) {
  if (percent !== null) return `${growthText(percent)} since the reference`;
  const parts = [
    ...(now > 0 ? [`${now} here`] : []),
    ...(then > 0 ? [`${then} in the reference’s volume`] : []),
  ];
  return parts.length === 0
    ? ""
    : `Growth is not known, since slices have no result: ${parts.join(", ")}`;
}

/** A row for each structure of each image; where it was not found, it has no area.
 * @param {Item[]} items @returns {Cell[][]} */
export function areaRows(items) {
  const rows = items.flatMap((item) =>
    labels().flatMap((label) => {
      const measure = measureOf(item, label);
      if (measure === null) {
        return item.stateOf(label) === "failed"
          ? [[item.name, label, ...FAILED]]
          : [];
      }
      const { area, missing, kind, finding } = measure;
      const stack = stackOf(items, item);
      const volume = stack ? stackVolume(stack, label) : null;
      const change = changeOf(items, item, label);
      const first = baseline(items, label);
      const before = first && stackOf(items, first);
      const own = kind === "found" ? finding.answer : null;
      return [[
        item.name,
        label,
        area.px > 0,
        missing ? null : area.px,
        missing ? null : round(area.mm2),
        round(change.percent),
        round(volume?.ml),
        volume?.missing,
        kind === "found" ? "segmented" : kind,
        own?.predictedIou,
        own?.distance,
        own?.confidence,
        placeOf(item),
        item.facts?.acquiredAt,
        before && stackVolume(before, label)?.missing,
      ].map((value) => value ?? null)];
    })
  );
  return [HEAD, ...rows];
}

/** The cells of an image that could not be segmented, after its name and structure. */
const FAILED = HEAD.slice(2).map((name) => name === "kind" ? "failed" : null);

/** Six digits: more are not measured. @param {number | null | undefined} value */
const round = (value) => value == null ? null : Number(value.toPrecision(6));

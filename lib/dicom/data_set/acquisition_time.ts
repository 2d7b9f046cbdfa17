import { isoTime } from "../../core/iso_time.ts";
import type { Dataset } from "./data_set.ts";
import { TAG } from "./tags.ts";

/** Pairs of a date and its time, from the one nearest to the moment of the exposure to the one farthest from it. */
const PAIRS = [
  [TAG.acquisitionDate, TAG.acquisitionTime],
  [TAG.contentDate, TAG.contentTime],
  [TAG.seriesDate, TAG.seriesTime],
  [TAG.studyDate, TAG.studyTime],
] as const;

/**
 * When a frame, from 0, was acquired, as ISO 8601: with the zone that the file states, without one where it states none,
 * a date alone where there is no time. Null where it states no date.
 */
export function acquisitionTime(
  dataset: Dataset,
  frame: number,
): string | null {
  const zone = dataset.text(TAG.timezone);
  const own = dataset.group(frame, TAG.frameContent)
    .text(TAG.frameAcquisitionDateTime);
  for (const text of [own, dataset.text(TAG.acquisitionDateTime)]) {
    const time = isoTime(text, zone);
    if (time !== null) return time;
  }
  for (const [date, time] of PAIRS) {
    const day = dataset.text(date);
    const known = isoTime(day + dataset.text(time), zone) ?? isoTime(day);
    if (known !== null) return known;
  }
  return null;
}

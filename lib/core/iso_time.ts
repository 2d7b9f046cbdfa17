/** A date, perhaps with a time and a zone, as DICOM (PS3.5 §6.2: DA, TM and DT) and EXIF write them. */
const STATED =
  /^(\d{4})[.:]?(0[1-9]|1[0-2])[.:]?(0[1-9]|[12]\d|3[01])(?: ?([01]\d|2[0-3])(?::?([0-5]\d)(?::?([0-5]\d|60)(\.\d{1,6})?)?)?)?([+-]\d{4})?$/;
const ZONE = /^([+-]\d\d):?(\d\d)$/;

/**
 * A stated time as ISO 8601; null where it is none.
 *
 * @param zone of a time that states none itself; "" where it is not known.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 *
 * equal(isoTime("20261117093000.5", "+0100"), "2026-11-17T09:30:00.5+01:00");
 * equal(isoTime("2026:11:17 09:30:00"), "2026-11-17T09:30:00");
 * equal(isoTime("20261117", "+0100"), "2026-11-17");
 * equal(isoTime("0000:00:00 00:00:00"), null);
 * ```
 */
export function isoTime(stated: string, zone = ""): string | null {
  const found = STATED.exec(stated.trim());
  if (found === null) return null;
  const [, year, month, day, hour, minute, second, fraction, own] = found;
  const date = `${year}-${month}-${day}`;
  if (hour === undefined) return date;
  // A leap second has no place in ISO times that programs read.
  const seconds = second === "60" ? "59" : second ?? "00";
  const place = ZONE.exec(own ?? zone.trim());
  return `${date}T${hour}:${minute ?? "00"}:${seconds}${fraction ?? ""}` +
    (place ? `${place[1]}:${place[2]}` : "");
}

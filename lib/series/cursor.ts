import { textDigest } from "../core/digest.ts";
import { EdgeError, invalidInput } from "../core/errors.ts";

/**
 * What a series is segmented with. A cursor is the number of images that are done and a digest of this key, by which
 * a caller who sends the same series again resumes it; the server keeps nothing for that. A cursor grants no rights,
 * so it is not signed.
 */
export interface SeriesKey {
  /** sha256 over the images as they were sent. */
  images: string;
  /** Digest of the model. */
  model: string;
  label: string;
  recipe: string;
  /** Name and time of creation of every reference. */
  references: [string, string][];
}

/**
 * The digest of the key in a cursor: 32 hex digits.
 *
 * @example
 * ```ts
 * import { equal, throws } from "node:assert/strict";
 *
 * const key: SeriesKey = {
 *   images: "9f".repeat(32),
 *   model: "d1",
 *   label: "target",
 *   recipe: "medical",
 *   references: [],
 * };
 * const cursor = writeCursor(7, await seriesTag(key));
 * equal(readCursor(cursor, await seriesTag(key), 100), 7);
 * const other = await seriesTag({ ...key, label: "liver" });
 * throws(() => readCursor(cursor, other, 100), { code: "conflict" });
 * ```
 */
export async function seriesTag(key: SeriesKey): Promise<string> {
  const { images, model, label, recipe, references } = key;
  const text = JSON.stringify([images, model, label, recipe, references]);
  return (await textDigest(text)).slice(0, 32);
}

export function writeCursor(done: number, tag: string): string {
  return `${done}-${tag}`;
}

/**
 * The number of images that are done.
 *
 * @throws EdgeError `invalid-input` for text that is not a cursor; `conflict` for the cursor of another series.
 */
export function readCursor(cursor: string, tag: string, total: number): number {
  const [, done, came] = /^(\d{1,6})-([0-9a-f]{32})$/.exec(cursor) ?? [];
  if (came === undefined) {
    throw invalidInput(
      "Cannot read the cursor: wanted one from a line of this series' answer.",
    );
  }
  if (came !== tag || Number(done) > total) {
    throw new EdgeError(
      "conflict",
      "The cursor belongs to a series of other images, parameters or references; " +
        "send the identical body, or start without a cursor.",
    );
  }
  return Number(done);
}

import { hexDigest } from "../core/digest.ts";
import { EdgeError, invalidInput } from "../core/errors.ts";

/**
 * Where a series goes on: the number of images that are done, and what they were done with. Nothing is
 * kept for it. A cursor gives no rights, so it is not signed; it only says what to leave out of images
 * that the caller sends again, and that they, the references and the parameters are still the same.
 */
export interface SeriesKey {
  /** sha256 over the images as sent. */
  images: string;
  /** Digest of the model. */
  model: string;
  label: string;
  recipe: string;
  /** Name and time of creation of every reference. */
  references: [string, string][];
}

/**
 * The cursor's half that says what is segmented by what: 32 hex digits.
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
 *   references: [["visit-1", "2026-01-02T03:04:05Z"]],
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
  return (await hexDigest(new TextEncoder().encode(text))).slice(0, 32);
}

export function writeCursor(done: number, tag: string): string {
  return `${done}-${tag}`;
}

/**
 * The number of images that are done.
 *
 * @throws EdgeError `invalid-input` for what is no cursor; `conflict` for one of another series.
 */
export function readCursor(cursor: string, tag: string, total: number): number {
  const [, done, came] = /^(\d{1,6})-([0-9a-f]{32})$/.exec(cursor) ?? [];
  if (came === undefined) {
    throw invalidInput("The cursor is none that a series' line gave.");
  }
  if (came !== tag || Number(done) > total) {
    throw new EdgeError(
      "conflict",
      "The cursor belongs to other images, parameters or references than these; " +
        "send the very same body, or start without a cursor.",
    );
  }
  return Number(done);
}

/**
 * What an answer can warn of. A warning never stops a request: the answer is given, and the caller can read why it may
 * be wrong.
 */
export const WARNING_CODES = [
  /** The annotation covers most of the image. */
  "annotation-covers-most",
  /** The annotation touches all four borders of the image. */
  "annotation-touches-borders",
  /** The annotation looks inverted: the background is marked, not the structure. */
  "annotation-inverted",
  /** The annotation has several pieces. */
  "annotation-in-pieces",
  /** The mask was brought onto the image's grid by nearest neighbour. */
  "mask-resampled",
  /** The file states a window that was not used. */
  "window-ignored",
  /** Single pixels lie far outside of all other values, and are shown like their neighbours. */
  "hot-pixels",
  /** The file ends before its format does, or its end is damaged; no pixel is missing. */
  "end-mended",
  /** The file contradicts itself, and one of the readings was chosen. */
  "contradiction",
  /** The image states another patient than references of its code do. */
  "other-patient",
] as const;
export type WarningCode = typeof WARNING_CODES[number];

/** A doubt about a file or an annotation, for people; it never quotes the contents of a file. */
export interface Warning {
  code: WarningCode;
  /** One sentence or two: what was found, and what was done. */
  detail: string;
}

/** Adds a warning, unless there is one that says the same. */
export function warnOnce(warnings: Warning[], warning: Warning): void {
  const { code, detail } = warning;
  if (warnings.some((w) => w.code === code && w.detail === detail)) return;
  warnings.push(warning);
}

import { Buffer } from "node:buffer";
import { readErrors } from "../../core/read_errors.ts";

/** Longest header; those of segmentations name every segment. */
const MAX_BYTES = 2 ** 20;

/** A line of a header in text, without its end, and where the next one starts. */
export interface HeaderLine {
  text: string;
  end: number;
}

/** The lines of a header in text, which may end with the file or go over to bytes. */
export function* headerLines(
  bytes: Uint8Array,
  format: string,
): Generator<HeaderLine> {
  // What the web calls latin1 is Windows-1252, which would not be written back to the same bytes.
  const head = Buffer.from(bytes.subarray(0, MAX_BYTES)).toString("latin1");
  for (let at = 0; at < head.length;) {
    const feed = head.indexOf("\n", at);
    if (feed < 0 && bytes.length > MAX_BYTES) {
      throw readErrors(format).malformed(
        `its header is longer than ${MAX_BYTES} bytes.`,
      );
    }
    const stop = feed < 0 ? head.length : feed;
    const text = head.slice(at, stop).replace(/\r$/, "");
    at = Math.min(stop + 1, head.length);
    yield { text, end: at };
  }
}

/** Whole numbers of a text; NaN for what is none. */
export function integers(text: string): number[] {
  return words(text).map((word) =>
    /^-?\d{1,15}$/.test(word) ? Number(word) : NaN
  );
}

/** Numbers of a text, separated by white space or commas; NaN for what is none. */
export function numbers(text: string): number[] {
  return words(text).map(Number);
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

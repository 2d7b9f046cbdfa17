import { EdgeError } from "./errors.ts";

/**
 * The errors of reading a file of one format, `Cannot read the <format>: …`.
 *
 * @example
 * const { malformed, truncated, unsupported } = readErrors("PNG");
 * throw truncated("before its IEND chunk");
 */
export function readErrors(format: string) {
  const attempt = `Cannot read the ${format}:`;
  return {
    /** The bytes contradict their format; a sentence says how. */
    malformed: (sentence: string, cause?: unknown) =>
      new EdgeError("malformed", `${attempt} ${sentence}`, { cause }),
    /** The file ends `where`: "inside its header". */
    truncated: (where: string, cause?: unknown) =>
      new EdgeError("truncated", `${attempt} it ends ${where}.`, { cause }),
    /** The file is of a kind that is not read here. */
    unsupported: (wanted: string, got: string) =>
      new EdgeError(
        "unsupported-type",
        `${attempt} wanted ${wanted}; got ${got}.`,
      ),
    /** Reading it would take more than is allowed. */
    tooLarge: (sentence: string) =>
      new EdgeError("too-large", `${attempt} ${sentence}`),
  };
}

import { EdgeError, type ErrorCode } from "./errors.ts";
import type { Size } from "./geometry.ts";

/**
 * The errors of reading a file of one format, `Cannot read the <format>: …`. Causes are only for the log.
 *
 * @example
 * const { malformed, truncated, unsupported } = readErrors("PNG");
 * throw truncated("before its IEND chunk");
 */
export function readErrors(format: string) {
  const error = (code: ErrorCode, sentence: string, cause?: unknown) =>
    new EdgeError(
      code,
      `Cannot read the ${format}: ${sentence}`,
      cause === undefined ? {} : { cause },
    );
  return {
    /** The bytes contradict their format; the sentence says how. */
    malformed: (sentence: string, cause?: unknown) =>
      error("malformed", sentence, cause),
    /** The picture data cannot be decoded. */
    damaged: (cause?: unknown) =>
      error("malformed", "its picture data are damaged.", cause),
    /** @throws {EdgeError} `malformed` where decoding gave another size than the header states. */
    requireSize(header: Size, decoded: Size): void {
      if (
        decoded.width === header.width && decoded.height === header.height
      ) return;
      throw error(
        "malformed",
        `its header says ${header.width}×${header.height} pixels; decoding gave ${decoded.width}×${decoded.height}.`,
      );
    },
    /** The file ends `where`: "inside its header". */
    truncated: (where: string, cause?: unknown) =>
      error("truncated", `it ends ${where}.`, cause),
    /** The file is of a kind that is not read here. */
    unsupported: (wanted: string, got: string) =>
      error("unsupported-type", `wanted ${wanted}; got ${got}.`),
    /** Reading it would take more than is allowed. */
    tooLarge: (sentence: string) => error("too-large", sentence),
  };
}

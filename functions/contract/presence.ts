import type { Context } from "hono";
import type { PresenceAnswer } from "../../lib/engine/engine.ts";
import { header } from "./header.ts";

/** A presence as the contract gives it. */
export function describePresence(
  { present, reason, confidence, score, threshold, relative }: PresenceAnswer,
) {
  return {
    present,
    reason,
    confidence,
    presence: {
      score,
      threshold,
      structure: relative?.structure ?? null,
      surroundings: relative?.surroundings ?? null,
    },
  };
}

/** Headers of an answer that is a file, for the OpenAPI document. */
export const presenceHeaders = {
  "x-structure-present": header(
    "Of an answer that is a file: false where the structure is not in the image and the mask is empty",
  ),
  "x-confidence": header("Of an answer that is a file: its confidence"),
};

/** What an answer that is a file says of it in its headers. */
export function stateHeaders(
  c: Context,
  { present, confidence }: PresenceAnswer,
): void {
  c.header("x-structure-present", String(present));
  if (confidence !== null) c.header("x-confidence", confidence.toFixed(4));
}

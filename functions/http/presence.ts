import type { Context } from "hono";
import type { Presence } from "../../lib/pipeline/presence.ts";

/** A presence as the contract gives it. */
export function describePresence(
  { present, reason, confidence, score, threshold, relative }: Presence,
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

/** What an answer that is a file says of it in its headers. */
export function stateHeaders(
  c: Context,
  { present, confidence }: Presence,
): void {
  c.header("x-structure-present", String(present));
  if (confidence !== null) c.header("x-confidence", confidence.toFixed(4));
}

import type { Presence } from "../pipeline/presence.ts";

/** Why the structure is not in the image, for people; null where it is. */
export function explainAbsence({ absence, relative }: Presence): string | null {
  if (absence === null) return null;
  if (absence === "nothing-found" || relative === null) {
    return "No part of the image was taken for the structure.";
  }
  const found = relative.structure < 0
    ? "What is most like the structure is less like it than the reference's own surroundings are"
    : "What is most like the structure is hardly more like it than the reference's own surroundings are";
  return relative.surroundings < 0.5
    ? `${found}, and the image shows other surroundings than the reference.`
    : `${found}.`;
}

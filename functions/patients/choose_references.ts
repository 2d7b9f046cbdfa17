import { invalidInput } from "../../lib/core/errors.ts";
import type { Combine } from "../../lib/pipeline/segment.ts";
import { referencesAt } from "../../lib/series/references_at.ts";
import type { Enrolled } from "../../lib/store/profiles/reference.ts";

/** How the references of a label are used; the first is the default. */
export const CHOICES = ["pooled", "nearest", "position", "latest"] as const;
export type Choice = typeof CHOICES[number];

/** Most references that are pooled: the work grows with their number. */
export const MAX_POOLED = 8;

/** The references that an image is compared with, how they are combined, and why these. */
export interface Chosen {
  choice: Choice;
  /** At least one. */
  enrolled: Enrolled[];
  combine: Combine;
  why: string;
}

/**
 * Chooses among the references of a label.
 *
 * @param enrolled at least one.
 * @param position 0..1 along the volume, where the image lies; `position` needs it.
 * @throws EdgeError `invalid-input` for `position` without one.
 */
export function chooseReferences(
  enrolled: Enrolled[],
  choice: Choice,
  position?: number,
): Chosen {
  switch (choice) {
    case "nearest": {
      const why = enrolled.length > 1
        ? "Each proposed and judged its own; the smallest distance won."
        : "It is the only one.";
      return { choice, enrolled, combine: "nearest", why };
    }
    case "position": {
      if (position === undefined) {
        throw invalidInput(
          "references=position needs to know where the image lies: give position, from 0 to 1.",
        );
      }
      const near = referencesAt(enrolled, position);
      const why = near.length === enrolled.length
        ? "All lie nearest to the image's position or state none."
        : "They lie nearest to the image's position, or state none.";
      return { ...pooled(near, why), choice };
    }
    case "latest": {
      const latest = oldestFirst(enrolled).slice(-1);
      const why = "It was enrolled last.";
      return { choice, enrolled: latest, combine: "pooled", why };
    }
    case "pooled":
      return pooled(
        enrolled,
        enrolled.length > 1
          ? "All work together: the mask is what the nearest candidates have in common."
          : "It is the only one.",
      );
  }
}

function pooled(enrolled: Enrolled[], why: string): Chosen {
  const combine = "pooled";
  if (enrolled.length <= MAX_POOLED) {
    return { choice: combine, enrolled, combine, why };
  }
  const [first, ...others] = oldestFirst(enrolled);
  const newest = MAX_POOLED - 1;
  const used = new Set([first, ...others.slice(-newest)]);
  return {
    choice: combine,
    enrolled: enrolled.filter((one) => used.has(one)),
    combine,
    why:
      `Of ${enrolled.length}, the first and the ${newest} newest work together.`,
  };
}

/** The references in the order of their enrolment, the oldest first. */
export function oldestFirst(enrolled: Enrolled[]): Enrolled[] {
  return enrolled.toSorted(({ reference: a }, { reference: b }) =>
    a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0
  );
}

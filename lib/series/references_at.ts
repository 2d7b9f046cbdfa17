import type { Enrolled } from "../store/profiles/reference.ts";

/**
 * The references that an image at a position is compared with: of those with a position, the nearest on either side;
 * and all without one.
 *
 * @param position 0..1 along the series.
 */
export function referencesAt(
  enrolled: Enrolled[],
  position: number,
): Enrolled[] {
  const places = enrolled.map(({ reference }) => reference.position)
    .filter((place) => place !== null);
  const below = Math.max(...places.filter((place) => place <= position));
  const above = Math.min(...places.filter((place) => place >= position));
  return enrolled.filter(({ reference: { position: place } }) =>
    place === null || place === below || place === above
  );
}

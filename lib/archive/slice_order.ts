import { alongNormal } from "../dicom/data_set/plane.ts";
import type { ArchivedInstance } from "./archive.ts";

/** What the objects of a series are sorted by. */
export interface Numbered extends ArchivedInstance {
  /** Instance Number; Infinity where there is none. */
  number: number;
}

/** Largest difference between direction cosines of parallel planes: 0.2 mm at 200 mm. */
const SAME_DIRECTION = 0.001;

/**
 * The objects of a series in the order of their slices: by the place of their planes along their common normal, and at
 * one place by their number. Where they state no planes, or planes of several directions, by their number alone.
 */
export function inSliceOrder(instances: Numbered[]): ArchivedInstance[] {
  const isStack = areParallel(instances);
  const placed = instances.map((instance) => ({
    instance,
    along: isStack ? alongNormal(instance.plane!) ?? 0 : 0,
  }));
  placed.sort((a, b) =>
    a.along - b.along || compare(a.instance.number, b.instance.number) ||
    (a.instance.instance < b.instance.instance ? -1 : 1)
  );
  return placed.map(({ instance: { number: _, ...instance } }) => instance);
}

function areParallel(instances: Numbered[]): boolean {
  const first = instances[0]?.plane?.orientation ?? [];
  return instances.every(({ plane }) =>
    plane !== null &&
    plane.orientation.every((cosine, i) =>
      Math.abs(cosine - (first[i] ?? NaN)) < SAME_DIRECTION
    )
  );
}

/** Orders numbers, of which several may be infinite. */
const compare = (a: number, b: number) => a === b ? 0 : a < b ? -1 : 1;

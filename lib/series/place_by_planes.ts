import { placesAlong, type Stack } from "../core/frames.ts";
import type { SeriesImage } from "./series_image.ts";

/** An image as it was opened. */
export type OpenedImage = SeriesImage & {
  /** Where the plane of the image of a DICOM file of one frame lies along its normal, millimetres; else null. */
  along: number | null;
  stack?: Stack;
};

/** Least distance from the first to the last plane of a stack, millimetres. */
const SPREAD_MM = 0.001;
/** Largest difference between direction cosines of parallel planes: 0.2 mm at 200 mm. */
const SAME_DIRECTION = 0.001;

/**
 * Gives the images of DICOM files the positions of their planes, in each stack by itself: distances along different
 * normals, or in different frames of reference, cannot be compared. So images have the positions that they would have if
 * their stack were sent alone. Other images, and stacks whose planes cannot be told apart, keep the position they have.
 */
export function placeByPlanes(images: OpenedImage[]): SeriesImage[] {
  const placed = new Map<OpenedImage, number>();
  for (const stack of stacksOf(images)) {
    const places = placesAlong(stack.map(({ along }) => along), SPREAD_MM);
    places?.forEach((place, i) => placed.set(stack[i]!, place));
  }
  return images.map((image) => {
    const { along: _, stack: __, ...rest } = image;
    return { ...rest, position: placed.get(image) ?? image.position };
  });
}

/** Parallel images of one series. Those that are alone in their series are taken together, as if it were not stated. */
function stacksOf(images: OpenedImage[]): OpenedImage[][] {
  const groups = parallels(images, ({ series }) => series);
  const alone = groups.filter(({ length }) => length === 1).flat();
  const stacks = groups.filter(({ length }) => length > 1);
  return [...stacks, ...parallels(alone, () => "")];
}

/** Groups images by their frame of reference, direction and something more. */
function parallels(
  images: OpenedImage[],
  more: (stack: Stack) => string,
): OpenedImage[][] {
  const all = new Map<string, { first: Stack; images: OpenedImage[] }[]>();
  for (const image of images) {
    const { stack } = image;
    if (stack === undefined) continue;
    const key = JSON.stringify([stack.frameOfReference, more(stack)]);
    const groups = all.get(key) ?? [];
    all.set(key, groups);
    const group = groups.find(({ first }) => isParallel(first, stack));
    if (group === undefined) groups.push({ first: stack, images: [image] });
    else group.images.push(image);
  }
  return [...all.values()].flat().map(({ images }) => images);
}

function isParallel(a: Stack, b: Stack): boolean {
  return a.orientation.every((cosine, i) =>
    Math.abs(cosine - (b.orientation[i] ?? NaN)) < SAME_DIRECTION
  );
}

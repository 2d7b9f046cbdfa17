/** Planes closer than this, or than a tenth of their thickness, are one, millimetres: files round to tenths. */
const SAME_PLANE = 0.25;
/** How far a plane may lie from the image's where nothing states a thickness, millimetres. */
const LEAST_REACH = 0.1;

/** The planes nearest to that of an image. */
export interface NearestPlane {
  /** Indices of the planes at the least height, if that is within reach. */
  near: number[];
  /** Height of the nearest plane, millimetres. */
  height: number;
  /** Whether it lies off the image's plane by more than a tenth of a slice. */
  isBeside: boolean;
}

/**
 * Of parallel planes, those nearest to the image's plane. They belong to it within half of their own thickness, or of
 * the least gap between them where that is smaller: a stack of thick slices that overlap has thin gaps.
 *
 * @param heights over the image's plane along its normal, millimetres; at least one.
 * @param thickness millimetres, where it is known.
 */
export function nearestPlane(
  heights: number[],
  thickness: number | undefined,
): NearestPlane {
  const sorted = heights.toSorted((a, b) => a - b);
  let extent = thickness ?? Infinity;
  const same = Math.min(SAME_PLANE, extent / 10);
  let height = sorted[0]!;
  for (let i = 1; i < sorted.length; i++) {
    const gap = sorted[i]! - sorted[i - 1]!;
    if (gap > same) extent = Math.min(extent, gap);
    if (Math.abs(sorted[i]!) < Math.abs(height)) height = sorted[i]!;
  }
  // Strictly less than half, whatever arithmetic left: half a thickness away lies the border to the next slice.
  const reach = extent === Infinity ? LEAST_REACH : extent / 2 * 0.999;
  const isNear = Math.abs(height) < reach;
  const near = heights.flatMap((other, i) =>
    isNear && Math.abs(other - height) <= same ? [i] : []
  );
  return { near, height, isBeside: Math.abs(height) > reach / 5 };
}

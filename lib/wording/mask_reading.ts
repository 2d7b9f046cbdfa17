import type { MaskReading } from "../core/mask.ts";

/** How a mask was read, for people. */
export function sayReading(
  { kind, value, threshold, pixels, share }: MaskReading,
): string {
  const what = {
    binary: value === null ? "one structure" : `its one value here, ${value}`,
    label: `label ${value} of the map`,
    soft: `soft, cut at ${threshold}`,
    alpha: "the opaque part",
    segment: value === null ? "a segment" : `segment ${value}`,
    contours: value === null
      ? "contours"
      : `the contours of structure ${value}`,
  }[kind];
  const percent = (100 * share).toFixed(share < 0.1 ? 1 : 0);
  return `The mask was read as ${what}: ${pixels} pixels, ${percent} % of the image.`;
}

/** @import { MaskReading, Report } from "./api.js" */
/** @import { Item } from "./item.js" */

/** @type {Record<Report["verdict"], string>} */
const VERDICTS = {
  good: "A good reference.",
  weak: "A weak reference.",
  ambiguous: "An ambiguous reference.",
  unusable: "Not usable as a reference.",
};

/** The server's verdict on a reference, and how its mask was read; empty for other images. @param {Item} item */
export const reportText = ({ report, reading }) =>
  report === null
    ? ""
    : `${VERDICTS[report.verdict]} ${report.advice} ${readingText(reading)}`;

/** How a mask was read, in words; empty for one that was drawn. @param {MaskReading | undefined} reading */
export function readingText(reading) {
  if (reading === undefined) return "";
  const { kind, value, threshold, pixels, share } = reading;
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
  return `The mask was read as ${what}: ${
    pixels.toLocaleString("en")
  } pixels, ${percent} % of the image.`;
}

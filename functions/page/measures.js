import { areaInFullSize } from "./full_size.js";

/** @import { Rle, Schemas, Size } from "./api.js" */
/** In pixels, and in mm² where the size of a pixel is known. @typedef {{px: number, mm2: number | null}} Area */
/** A slice of a stack: its place along the normal, and its area, null where it is not measured.
 * @typedef {{at: number, mm2: number | null}} Slice */
/** Of a stack: how many slices were measured, how many are missing among them, and the usual step between two, mm.
 * @typedef {{ml: number, slices: number, missing: number, step: number}} Volume */
/** What tells the size of a pixel: the file, or a person who set the scale in millimetres for a pixel.
 * @typedef {{facts: Schemas["ImageFacts"] | null, scale: number | null, fullSize?: Size | null}} Scaled */

/** Slices closer than this lie in one place, mm. */
const SAME_PLACE = 0.001;
/** A step longer than this many usual ones is a gap. */
const GAP = 1.5;

/** Millimetres from one column and row of a mask to the next; null where they are not known.
 * @param {Scaled} image @param {Rle["size"]} size @returns {{x: number, y: number} | null} */
export function pixelSize({ facts, scale }, [height, width]) {
  if (facts?.spacing) {
    // The mask of a picture that was scaled down has larger pixels than the file.
    const { x, y } = facts.spacing;
    return { x: x * facts.width / width, y: y * facts.height / height };
  }
  return scale === null ? null : { x: scale, y: scale };
}

/** The area of a mask; of an image that was scaled down, in pixels of the file that was opened.
 * @param {Scaled} image @param {Rle} rle @param {number} px of the mask as it is @returns {Area} */
export function areaOf(image, rle, px) {
  const size = pixelSize(image, rle.size);
  const { fullSize = null } = image;
  return {
    px: fullSize === null || px === 0 ? px : areaInFullSize(rle, fullSize),
    mm2: size && px * size.x * size.y,
  };
}

/** The volume of a stack. A slice is as thick as half the way to its neighbours on both sides; across a gap, and at the
 * ends, half the usual step is taken, so that nothing is made up where no slice was measured.
 * @param {Slice[]} slices in any order @param {number | null} stated the step, mm, where the file says it
 * @returns {Volume | null} null for fewer than two slices, and where several lie in one place */
export function volumeOf(slices, stated = null) {
  const places = slices.toSorted((a, b) => a.at - b.at);
  const steps = gaps(places);
  if (steps.length === 0 || Math.min(...steps) < SAME_PLACE) return null;
  const step = stated ?? median(steps);
  const measured = places.filter(({ mm2 }) => mm2 !== null);
  const between = gaps(measured);
  const half = (/** @type {number | undefined} */ gap) =>
    (gap === undefined || gap > GAP * step ? step : gap) / 2;
  let [mm3, missing] = [0, 0];
  measured.forEach(({ mm2 }, i) => {
    mm3 += (mm2 ?? 0) * (half(between[i - 1]) + half(between[i]));
  });
  for (const gap of between) {
    if (gap > GAP * step) missing += Math.round(gap / step) - 1;
  }
  const [first, last] = [measured[0], measured.at(-1)];
  if (first === undefined || last === undefined) return null;
  missing += places.filter(({ at }) => at < first.at || at > last.at).length;
  return { ml: mm3 / 1000, slices: measured.length, missing, step };
}

/** @param {Slice[]} places in order */
const gaps = (places) =>
  places.slice(1).map(({ at }, i) => at - (places[i]?.at ?? at));

/** The lower one of two: a gap is no usual step. @param {number[]} values at least one */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** Growth in percent; null where there was nothing. @param {number} now @param {number} before */
export const growth = (now, before) =>
  before > 0 ? (now / before - 1) * 100 : null;

/** Growth of an area; null where one is known in mm² and the other in pixels alone.
 * @param {Area} now @param {Area} before */
export function areaGrowth(now, before) {
  if (now.mm2 !== null && before.mm2 !== null) {
    return growth(now.mm2, before.mm2);
  }
  return now.mm2 === null && before.mm2 === null
    ? growth(now.px, before.px)
    : null;
}

/** Three digits, and all of a whole number. @param {number} value */
export const numberText = (value) =>
  value >= 100
    ? Math.round(value).toLocaleString("en")
    : value.toLocaleString("en", { maximumSignificantDigits: 3 });

/** @param {Area} area */
export const areaText = ({ px, mm2 }) =>
  mm2 === null ? `${px.toLocaleString("en")} px` : `${numberText(mm2)} mm²`;

/** @param {number} percent */
export const growthText = (percent) =>
  `${percent < 0 ? "−" : "+"}${numberText(Math.abs(Math.round(percent)))}%`;

/** @param {Volume} volume */
export const volumeText = ({ ml, missing }) =>
  `${missing > 0 ? "at least " : ""}${numberText(ml)} ml`;

/** How a volume was measured. @param {Volume} volume */
export function volumeNote({ slices, missing, step }) {
  const gap = missing === 0
    ? ""
    : `; ${missing} not measured, which ${
      missing === 1 ? "is" : "are"
    } left out`;
  return `${slices} slices, ${numberText(step)} mm apart${gap}`;
}

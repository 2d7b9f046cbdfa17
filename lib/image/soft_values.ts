import type { SampleArray } from "../codecs/sample_array.ts";
import type { Size } from "../core/geometry.ts";

/** Share of the greatest value by which values are close to it, or to 0. */
const CLOSE = 1 / 32;
/** Share of the greatest value from which an edge is high, and values are far from it and from 0. */
const FAR = 1 / 8;
/** Pixels far from both ends that are no lower than all their neighbours, or no higher: a few tips are no picture. */
const TIPS = { pixels: 3, share: 0.01 };
/** Most pixels on plateaus, as a share of those that tell. */
const MOST_PLATEAUS = 0.1;
/** Few values, none of them far from the ends, are labels. */
const FEW_VALUES = 8;

/**
 * Whether the values of a mask are degrees (anti-aliased edges, blurred masks, probabilities) and not labels. Degrees
 * rise from 0 to the greatest value and fall again over slopes; labels lie beside each other in steps, each as wide as
 * its structure; a picture has hills and valleys everywhere. Where this is not clear, the answer is no: a label map
 * that is taken for degrees loses its labels in silence, degrees that are taken for labels are refused with advice.
 *
 * @param values H×W, none below 0.
 * @param greatest of them.
 */
export function isSoft(
  values: SampleArray,
  size: Size,
  greatest: number,
): boolean {
  const { slopes, far, steps, ends, tips, plateaus, levels } = countPixels(
    values,
    size,
    greatest,
  );
  const telling = slopes + steps + ends + plateaus;
  return slopes > 0 && slopes >= telling / 2 &&
    (far >= telling / 10 || levels.size >= FEW_VALUES) &&
    tips <= TIPS.pixels + telling * TIPS.share &&
    plateaus <= telling * MOST_PLATEAUS;
}

/** Counts the pixels above 0 and below the greatest value by what their 3×3 neighbourhoods look like. */
function countPixels(
  values: SampleArray,
  { width, height }: Size,
  greatest: number,
) {
  const found = {
    /** Between a lower and a higher neighbour. */
    slopes: 0,
    /** Of the slopes, those far from 0 and the greatest value. */
    far: 0,
    /** On a slope, but in a line of equals along a high edge, as the rim of a label. */
    steps: 0,
    /** Beside equals, and no neighbour rises above, or none falls below. */
    ends: 0,
    /** Of the ends, those far from 0 and the greatest value. */
    tips: 0,
    /** Among equals alone, but for those close to 0 or the greatest value, which may be noise or saturation. */
    plateaus: 0,
    /** Values of slopes, as many as are of interest. */
    levels: new Set<number>(),
  };
  const close = greatest * CLOSE;
  const far = greatest * FAR;
  // Beyond these the answer is known; pictures and maps of many labels get there soon.
  const most = {
    tips: TIPS.pixels + TIPS.share * values.length,
    plateaus: MOST_PLATEAUS * values.length,
  };
  for (let y = 0; y < height; y++) {
    if (found.tips > most.tips || found.plateaus > most.plateaus) break;
    const top = Math.max(y - 1, 0) * width;
    const bottom = Math.min(y + 1, height - 1) * width;
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x];
      if (value <= 0 || value >= greatest) continue;
      const left = Math.max(x - 1, 0);
      const right = Math.min(x + 1, width - 1);
      let low = value, high = value, equals = -1;
      for (let row = top; row <= bottom; row += width) {
        for (let at = row + left; at <= row + right; at++) {
          const other = values[at];
          if (other < low) low = other;
          else if (other > high) high = other;
          else if (other === value) equals++;
        }
      }
      const isFar = value > far && value < greatest - far;
      if (low === high) {
        if (value > close && value < greatest - close) found.plateaus++;
      } else if (low === value || high === value) {
        found.ends++;
        if (isFar) found.tips++;
      } else if (equals >= 2 && high - low > far) found.steps++;
      else {
        found.slopes++;
        if (isFar) found.far++;
        if (found.levels.size < FEW_VALUES) found.levels.add(value);
      }
    }
  }
  return found;
}

import { chamfer, UNIT } from "./distance.ts";
import type { Mask } from "../core/mask.ts";
import type { Point } from "../core/geometry.ts";
import { type Raster, toRgb } from "../core/raster.ts";

type Colour = readonly [number, number, number];

const TINT: Colour = [0, 168, 255];
const LINE: Colour = [64, 208, 255];
const POSITIVE: Colour = [22, 190, 84];
const NEGATIVE: Colour = [230, 46, 58];
const WHITE: Colour = [255, 255, 255];
const BLACK: Colour = [0, 0, 0];

/**
 * Draws a result for people: the mask as a translucent azure tint inside a crisp outline with a dark rim (so that it
 * shows on bright and dark ground alike), and the points as discs in a white ring, green for inside, red for outside.
 * Line and disc sizes follow the picture's long side.
 *
 * @param raster H×W×C uint8, grey or RGB; not changed.
 * @param mask H×W, non-zero = structure, of the same size.
 * @param points in image space.
 * @returns a new H×W×3 raster.
 */
export function drawOverlay(
  raster: Raster,
  mask: Mask,
  points: readonly Point[] = [],
): Raster {
  const { width, height } = raster;
  if (mask.width !== width || mask.height !== height) {
    throw new RangeError(
      `Cannot draw the overlay: the picture is ${width}×${height} pixels, ` +
        `the mask ${mask.width}×${mask.height}.`,
    );
  }
  const rgb = toRgb(raster);
  const data = rgb === raster ? raster.data.slice() : rgb.data;
  const line = Math.max(1, Math.max(width, height) / 480);

  const inside = chamfer(mask, "background");
  const outside = chamfer(mask, "structure");
  for (let i = 0; i < inside.length; i++) {
    if (mask.data[i] !== 0) {
      // The edge lies half a pixel before the outermost pixel's centre.
      const depth = inside[i] / UNIT - 0.5;
      blend(data, i, TINT, 0.26);
      blend(data, i, LINE, clamp(line - depth + 0.5));
    } else {
      const reach = outside[i] / UNIT - 0.5;
      if (reach < line + 1) {
        blend(data, i, BLACK, 0.6 * clamp(line - reach + 0.5));
      }
    }
  }

  const radius = Math.max(3, Math.max(width, height) / 110);
  for (const point of points) {
    disc(
      { ...rgb, data },
      point,
      radius,
      point.label === 1 ? POSITIVE : NEGATIVE,
    );
  }
  return { width, height, channels: 3, data };
}

/** A filled disc in a white ring in a thin dark rim, antialiased, cut off at the picture's edges. */
function disc(
  { width, height, data }: Raster,
  { x, y }: Point,
  r: number,
  fill: Colour,
) {
  const ring = Math.max(1.25, r * 0.3);
  const rim = Math.max(0.75, r * 0.12);
  const reach = r + ring + rim + 1;
  const bottom = Math.min(height - 1, Math.ceil(y + reach));
  const rightmost = Math.min(width - 1, Math.ceil(x + reach));
  for (let py = Math.max(0, Math.floor(y - reach)); py <= bottom; py++) {
    for (let px = Math.max(0, Math.floor(x - reach)); px <= rightmost; px++) {
      const d = Math.hypot(px - x, py - y);
      const i = py * width + px;
      blend(data, i, BLACK, 0.55 * clamp(r + ring + rim - d + 0.5));
      blend(data, i, WHITE, clamp(r + ring - d + 0.5));
      blend(data, i, fill, clamp(r - d + 0.5));
    }
  }
}

/** Puts `colour` over pixel `i` with the given opacity, 0 to 1. */
function blend(
  data: Uint8Array,
  i: number,
  colour: Colour,
  opacity: number,
): void {
  if (opacity <= 0) return;
  for (let c = 0; c < 3; c++) {
    const at = 3 * i + c;
    data[at] = Math.round(data[at] + (colour[c] - data[at]) * opacity);
  }
}

function clamp(v: number): number {
  return v < 0 ? 0 : v > 1 ? 1 : v;
}

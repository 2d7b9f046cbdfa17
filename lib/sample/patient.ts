import type { Raster } from "../core/raster.ts";
import { mulberry32 } from "../numerics/random.ts";
import type { Mask } from "../core/mask.ts";

/** Side of a phantom image in pixels. */
const SIDE = 384;

/** A generated picture and the mask of its lesion. */
export interface Visit {
  image: Raster;
  mask: Mask;
}

/** An ellipse in the unit square, and the grey it adds. */
interface Ellipse {
  x: number;
  y: number;
  a: number;
  b: number;
  grey: number;
}

const BODY: Ellipse = { x: 0.5, y: 0.5, a: 0.42, b: 0.36, grey: 70 };
const ORGANS: Ellipse[] = [
  { x: 0.33, y: 0.45, a: 0.11, b: 0.17, grey: -45 },
  { x: 0.67, y: 0.45, a: 0.11, b: 0.17, grey: -45 },
  { x: 0.5, y: 0.7, a: 0.06, b: 0.06, grey: 45 },
];
const LESION: Ellipse = { x: 0.63, y: 0.36, a: 0.07, b: 0.055, grey: 105 };

/**
 * The seed of a visit's noise, its turn about the middle, radians, and shift, pixels; the growth of the lesion, which
 * shrinks from the third visit on, and the contrast, both relative to the first visit.
 */
const VISITS = [
  { seed: 1, turn: 0, shift: [0, 0], growth: 1, contrast: 1 },
  { seed: 2, turn: 0.18, shift: [14, -9], growth: 1.25, contrast: 0.85 },
  { seed: 3, turn: -0.12, shift: [-10, 6], growth: 1.4, contrast: 0.95 },
  { seed: 4, turn: 0.06, shift: [6, 11], growth: 1.1, contrast: 1.05 },
  { seed: 5, turn: -0.2, shift: [-4, -12], growth: 0.85, contrast: 0.9 },
];

/** Number of visits of the generated patient. */
export const VISIT_COUNT = VISITS.length;

/** The first two visits. */
export function drawPatient(): { first: Visit; second: Visit } {
  return { first: drawVisit(1), second: drawVisit(2) };
}

/**
 * A visit of the generated patient, as a CT-like grey slice: body, organs, spine, and one bright lesion.
 *
 * @param number from 1 to `VISIT_COUNT`.
 */
export function drawVisit(number: number): Visit {
  const { seed, turn, shift, growth, contrast } = VISITS[number - 1];
  const random = mulberry32(seed);
  const image = new Uint8Array(SIDE * SIDE);
  const mask = new Uint8Array(SIDE * SIDE);
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const lesion = { ...LESION, a: LESION.a * growth, b: LESION.b * growth };
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const dx = (column + 0.5 - shift[0]) / SIDE - 0.5;
      const dy = (row + 0.5 - shift[1]) / SIDE - 0.5;
      const x = 0.5 + dx * cos + dy * sin;
      const y = 0.5 - dx * sin + dy * cos;
      const texture = inside(BODY, x, y)
        ? 5 * Math.sin(40 * x + 9 * Math.sin(7 * y)) * Math.sin(33 * y)
        : 0;
      let grey = 18;
      if (inside(BODY, x, y)) grey += BODY.grey + texture;
      for (const organ of ORGANS) if (inside(organ, x, y)) grey += organ.grey;
      const at = row * SIDE + column;
      if (inside(lesion, x, y)) {
        grey += lesion.grey + 1.5 * texture;
        mask[at] = 255;
      }
      const noise = 14 * (random() + random() + random() - 1.5);
      image[at] = Math.min(
        255,
        Math.max(0, Math.round(grey * contrast + noise)),
      );
    }
  }
  return {
    image: { width: SIDE, height: SIDE, channels: 1, data: image },
    mask: { width: SIDE, height: SIDE, data: mask },
  };
}

function inside({ x, y, a, b }: Ellipse, atX: number, atY: number): boolean {
  return ((atX - x) / a) ** 2 + ((atY - y) / b) ** 2 < 1;
}

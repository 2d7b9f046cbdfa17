import type { Raster } from "../image/raster.ts";
import { mulberry32 } from "../numerics/random.ts";
import type { Mask } from "../pipeline/types.ts";

/** Side of a phantom image in pixels. */
const SIDE = 384;

/** A generated picture and where its lesion is. */
export interface Visit {
  image: Raster;
  mask: Mask;
}

/** How a visit differs from the first one. */
interface VisitOptions {
  /** Seed of the noise. */
  seed: number;
  /** Turn about the middle, radians. */
  turn: number;
  /** Shift in pixels. */
  shift: [number, number];
  /** Size of the lesion against the first visit. */
  growth: number;
  /** Contrast of the picture against the first visit. */
  contrast: number;
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

/** The two visits of the demo's patient. */
export function drawPatient(): { first: Visit; second: Visit } {
  return {
    first: drawVisit({
      seed: 1,
      turn: 0,
      shift: [0, 0],
      growth: 1,
      contrast: 1,
    }),
    second: drawVisit({
      seed: 2,
      turn: 0.18,
      shift: [14, -9],
      growth: 1.25,
      contrast: 0.85,
    }),
  };
}

/** A generated patient, as a CT-like grey slice: body, organs, spine, and one bright lesion. */
function drawVisit(
  { seed, turn, shift, growth, contrast }: VisitOptions,
): Visit {
  const random = mulberry32(seed);
  const image = new Uint8Array(SIDE * SIDE);
  const mask = new Uint8Array(SIDE * SIDE);
  const lesion = { ...LESION, a: LESION.a * growth, b: LESION.b * growth };
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const dx = (column + 0.5 - shift[0]) / SIDE - 0.5;
      const dy = (row + 0.5 - shift[1]) / SIDE - 0.5;
      const x = 0.5 + dx * Math.cos(turn) + dy * Math.sin(turn);
      const y = 0.5 - dx * Math.sin(turn) + dy * Math.cos(turn);
      const texture = 5 * Math.sin(40 * x + 9 * Math.sin(7 * y)) *
        Math.sin(33 * y);
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

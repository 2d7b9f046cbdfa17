import type { Raster } from "../core/raster.ts";

/** A curve of the plot: mean Dice, 0..1, of the 1, 2, … most trusted answers. */
export type Curve = number[];

type Colour = readonly [number, number, number];

/** Colours of the curves in their order, with their names in the caption. */
const COLOURS: readonly { name: string; rgb: Colour }[] = [
  { name: "blue", rgb: [0, 114, 178] },
  { name: "orange", rgb: [230, 159, 0] },
  { name: "green", rgb: [0, 158, 115] },
  { name: "purple", rgb: [204, 121, 167] },
  { name: "red", rgb: [213, 94, 0] },
  { name: "sky blue", rgb: [86, 180, 233] },
];

const WIDTH = 720;
const HEIGHT = 480;
const LEFT = 64;
const RIGHT = 24;
const TOP = 24;
const BOTTOM = 48;
/** Side of a digit's dot, pixels. */
const DOT = 3;

const INK: Colour = [40, 40, 40];
const GRID: Colour = [224, 224, 224];

/** Digits as 5 rows of 3 dots, the leftmost the highest bit. */
const ROWS: Record<string, number[]> = {
  "0": [7, 5, 5, 5, 7],
  "1": [2, 6, 2, 2, 7],
  "2": [7, 1, 7, 4, 7],
  "3": [7, 1, 7, 1, 7],
  "4": [5, 5, 7, 1, 1],
  "5": [7, 4, 7, 1, 7],
  "6": [7, 4, 7, 5, 7],
  "7": [7, 1, 1, 1, 1],
  "8": [7, 5, 7, 5, 7],
  "9": [7, 5, 7, 1, 7],
};

/**
 * Draws risk–coverage curves: to the right the share of answers that are kept, the most trusted first, in percent from
 * 0; upwards their mean Dice, in percent from the next lower ten. The last curve is thick.
 *
 * @param curves each of at least one answer.
 */
export function drawRiskCoverage(curves: Curve[]): Raster {
  const data = new Uint8Array(WIDTH * HEIGHT * 3).fill(255);
  const put = (x: number, y: number, colour: Colour) => {
    if (x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT) return;
    data.set(colour, 3 * (y * WIDTH + x));
  };
  const lowest = Math.min(...curves.flat());
  const from = Math.min(9, Math.floor(lowest * 10)) / 10;
  const xOf = (share: number) =>
    Math.round(LEFT + share * (WIDTH - LEFT - RIGHT));
  const yOf = (dice: number) =>
    Math.round(
      HEIGHT - BOTTOM - (dice - from) / (1 - from) * (HEIGHT - TOP - BOTTOM),
    );
  const write = (text: string, right: number, top: number) => {
    [...text].forEach((figure, i) => {
      const left = right - (text.length - i) * 4 * DOT;
      ROWS[figure]?.forEach((row, y) => {
        for (let x = 0; x < 3; x++) {
          if ((row >> (2 - x) & 1) === 0) continue;
          for (let d = 0; d < DOT * DOT; d++) {
            put(
              left + x * DOT + d % DOT,
              top + y * DOT + Math.floor(d / DOT),
              INK,
            );
          }
        }
      });
    });
  };

  for (let share = 0; share <= 10; share += 2) {
    const x = xOf(share / 10);
    for (let y = TOP; y <= HEIGHT - BOTTOM; y++) put(x, y, GRID);
    write(String(share * 10), x + (share < 10 ? 12 : 20), HEIGHT - BOTTOM + 14);
  }
  for (let tenth = Math.round(from * 10); tenth <= 10; tenth++) {
    const y = yOf(tenth / 10);
    for (let x = LEFT; x <= WIDTH - RIGHT; x++) put(x, y, GRID);
    write(String(tenth * 10), LEFT - 10, y - 7);
  }
  for (let x = LEFT; x <= WIDTH - RIGHT; x++) put(x, HEIGHT - BOTTOM, INK);
  for (let y = TOP; y <= HEIGHT - BOTTOM; y++) put(LEFT, y, INK);

  curves.forEach((curve, c) => {
    const { rgb } = colourOf(c);
    const thick = c === curves.length - 1 ? 2 : 1;
    let last: { x: number; y: number } | undefined;
    curve.forEach((dice, i) => {
      const b = { x: xOf((i + 1) / curve.length), y: yOf(dice) };
      const a = last ?? b;
      last = b;
      const steps = Math.max(1, Math.abs(b.x - a.x), Math.abs(b.y - a.y));
      for (let s = 0; s <= steps; s++) {
        const x = Math.round(a.x + (b.x - a.x) * s / steps);
        const y = Math.round(a.y + (b.y - a.y) * s / steps);
        for (let dy = -thick; dy <= thick; dy++) {
          for (let dx = -thick; dx <= thick; dx++) put(x + dx, y + dy, rgb);
        }
      }
    });
  });
  return { width: WIDTH, height: HEIGHT, channels: 3, data };
}

/** What the plot shows, in words. */
export function riskCaption(names: string[]): string {
  const colours = names.map((name, i) => `${colourOf(i).name}: ${name}`);
  return "Mean Dice, %, over the share of answers kept, %, the most trusted first. " +
    `${colours.join("; ")}.`;
}

function colourOf(curve: number) {
  // The remainder is an index of the table.
  return COLOURS[curve % COLOURS.length]!;
}

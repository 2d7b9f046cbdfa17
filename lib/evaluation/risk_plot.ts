import type { Raster } from "../core/raster.ts";
import { CHARACTER, drawText } from "../image/draw_text.ts";

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
const INK: Colour = [40, 40, 40];
const GRID: Colour = [224, 224, 224];

/**
 * Draws risk–coverage curves: to the right the share of answers that are kept, the most trusted first, in percent from
 * 0; upwards their mean Dice, in percent from the next lower ten. The last curve is thick.
 *
 * @param curves each the mean Dice, 0..1, of the 1, 2, … most trusted answers; of at least one.
 */
export function drawRiskCoverage(curves: number[][]): Raster {
  const data = new Uint8Array(WIDTH * HEIGHT * 3).fill(255);
  const picture: Raster = { width: WIDTH, height: HEIGHT, channels: 3, data };
  const put = (x: number, y: number, colour: Colour) =>
    data.set(colour, 3 * (y * WIDTH + x));
  const lowest = Math.min(...curves.flat());
  const from = Math.min(9, Math.floor(lowest * 10)) / 10;
  const xOf = (share: number) =>
    Math.round(LEFT + share * (WIDTH - LEFT - RIGHT));
  const yOf = (dice: number) =>
    Math.round(
      HEIGHT - BOTTOM - (dice - from) / (1 - from) * (HEIGHT - TOP - BOTTOM),
    );
  const write = (percent: number, right: number, top: number) => {
    const text = String(percent);
    const left = right - text.length * CHARACTER.width;
    drawText(picture, text, left, top, INK);
  };

  for (let share = 0; share <= 10; share += 2) {
    const x = xOf(share / 10);
    for (let y = TOP; y <= HEIGHT - BOTTOM; y++) put(x, y, GRID);
    write(share * 10, x + (share < 10 ? 7 : 10), HEIGHT - BOTTOM + 14);
  }
  for (let tenth = Math.round(from * 10); tenth <= 10; tenth++) {
    const y = yOf(tenth / 10);
    for (let x = LEFT; x <= WIDTH - RIGHT; x++) put(x, y, GRID);
    write(tenth * 10, LEFT - 10, y - 7);
  }
  for (let x = LEFT; x <= WIDTH - RIGHT; x++) put(x, HEIGHT - BOTTOM, INK);
  for (let y = TOP; y <= HEIGHT - BOTTOM; y++) put(LEFT, y, INK);

  curves.forEach((curve, c) => {
    const { rgb } = colourOf(c);
    const thick = c === curves.length - 1 ? 2 : 1;
    let a: { x: number; y: number } | undefined;
    curve.forEach((dice, i) => {
      const b = { x: xOf((i + 1) / curve.length), y: yOf(dice) };
      a ??= b;
      const steps = Math.max(1, Math.abs(b.x - a.x), Math.abs(b.y - a.y));
      for (let s = 0; s <= steps; s++) {
        const x = Math.round(a.x + (b.x - a.x) * s / steps);
        const y = Math.round(a.y + (b.y - a.y) * s / steps);
        for (let dy = -thick; dy <= thick; dy++) {
          for (let dx = -thick; dx <= thick; dx++) put(x + dx, y + dy, rgb);
        }
      }
      a = b;
    });
  });
  return picture;
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

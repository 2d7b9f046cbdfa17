import { connectedPixels } from "../numerics/connected_pixels.ts";
import { squaredDepth } from "../numerics/depth.ts";
import { cascade, decodeOnce } from "./cascade.ts";
import { maskToLogits } from "./mask_logits.ts";
import type { Target } from "./target.ts";
import type { DecoderOutput } from "./types.ts";
import type { Mask } from "../core/mask.ts";
import type { Point } from "../core/geometry.ts";

/** How many points inside the mask say what must stay: one number for each reading of a click. */
const READINGS = [1, 5];
/** A pixel belongs to the new mask where more than this share of the agreeing readings hold it. */
const VOTES = 0.4;
/** Longest side of the mask in which points are searched, pixels. */
const COARSE = 256;

/** A corrected mask, in image space. */
export interface Correction {
  mask: Mask;
  /** Mean of the decoder's own estimates of the IoU. */
  predictedIou: number;
}

/** What the decoder makes of a click, in image space, and whether the click's pixel is as the click says. */
interface Reading {
  data: Uint8Array;
  agrees: boolean;
  predictedIou: number;
}

/**
 * Corrects a mask by a click: it adds what is missing there, or removes what is too much, and nothing else.
 *
 * A decoder that takes match maps was trained with such clicks: its reading is one run with the mask and the click. Any
 * other that sees only these tends to start anew around the click. Points deep inside the mask and far from the click
 * tell it what must stay: few in one reading, more in another, and each reading runs the cascade. The readings that agree
 * with the click vote on the new mask, and only the connected change that holds the click is made. Where no reading
 * agrees, the mask and the click are decoded once, and only what the click asks for is taken over.
 *
 * A first click may also say that the structure is elsewhere. Where the mask of the click alone does not touch the old
 * one, and the decoder rates it above both together, it replaces the old mask. A decoder that takes match maps rates what
 * a click alone selects too highly for that.
 *
 * @param points at least one, the click last; the mask must keep to the earlier ones.
 * @param passes of the cascade, as in `decodePrompt`.
 */
export async function correct(
  target: Target,
  mask: Mask,
  points: Point[],
  passes?: number,
): Promise<Correction> {
  const { width, height } = mask;
  const click = points.at(-1)!;
  const at = Math.floor(click.y) * width + Math.floor(click.x);
  const readingOf = ({ logits, predictedIou }: DecoderOutput): Reading => {
    const { data } = target.toMask(logits);
    const agrees = (data[at] !== 0) === (click.label === 1);
    return { data, agrees, predictedIou };
  };
  const read = async (points: Point[]) =>
    readingOf(await cascade(target, { points }, { passes }));
  const readWithMask = async () => {
    const logits = maskToLogits(mask, target.model);
    return readingOf(await decodeOnce(target, { points, mask: logits }));
  };
  const readWithKept = async () => {
    const kept = keptPoints(mask, points, Math.max(...READINGS));
    const counts = new Set(READINGS.map((n) => Math.min(n, kept.length)));
    const all: Reading[] = [];
    for (const count of counts) {
      all.push(await read([...kept.slice(0, count), ...points]));
    }
    return all;
  };
  const { matched } = target.model;
  const whole = matched ? await readWithMask() : null;
  const all = whole === null ? await readWithKept() : [whole];
  const readings = all.filter(({ agrees }) => agrees);
  const predictedIou = readings.length === 0 ? 0 : mean(readings);

  const isFirst = points.filter(({ label }) => label === 1).length === 1;
  if (!matched && click.label === 1 && isFirst) {
    const alone = await read([click]);
    const touches = alone.data.some((value, i) =>
      value !== 0 && mask.data[i] !== 0
    );
    if (alone.agrees && !touches && alone.predictedIou > predictedIou) {
      const { data, predictedIou } = alone;
      return { mask: { width, height, data }, predictedIou };
    }
  }
  if (readings.length === 0) {
    const { data, predictedIou } = whole ?? await readWithMask();
    for (let i = 0; i < data.length; i++) {
      if (click.label === 1) data[i]! |= mask.data[i]!;
      else data[i]! &= mask.data[i]!;
    }
    return { mask: { width, height, data }, predictedIou };
  }

  const votes = new Uint8Array(mask.data.length);
  for (const { data } of readings) {
    for (let i = 0; i < votes.length; i++) if (data[i] !== 0) votes[i]!++;
  }
  const isInside = (i: number) => votes[i]! > VOTES * readings.length;
  const isChanged = (i: number) =>
    click.label === 1
      ? isInside(i) && mask.data[i] === 0
      : !isInside(i) && mask.data[i] !== 0;
  const data = mask.data.slice();
  if (isChanged(at)) {
    const value = click.label === 1 ? 255 : 0;
    for (const i of connectedPixels(at, mask, isChanged)) data[i] = value;
  } else {
    // The click confirms what the mask has: the readings stand for themselves.
    for (let i = 0; i < data.length; i++) data[i] = isInside(i) ? 255 : 0;
  }
  return { mask: { width, height, data }, predictedIou };
}

function mean(readings: Reading[]): number {
  return readings.reduce((sum, one) => sum + one.predictedIou, 0) /
    readings.length;
}

/**
 * Points inside a mask, each as deep as can be and far from the clicks and from those before it; as many as there
 * are, `most` at most.
 */
function keptPoints(mask: Mask, clicks: Point[], most: number): Point[] {
  const step = Math.ceil(Math.max(mask.width, mask.height) / COARSE);
  const coarse = shrinkMask(mask, step);
  const depth = Float64Array.from(squaredDepth(coarse), Math.sqrt);
  const limit = ({ x, y }: Place, scale: number) => {
    for (let i = 0; i < depth.length; i++) {
      const column = i % coarse.width;
      const row = (i - column) / coarse.width;
      const distance = Math.hypot(column - x / step, row - y / step) * scale;
      if (distance < depth[i]!) depth[i] = distance;
    }
  };
  for (const click of clicks) limit(click, 1);
  const points: Point[] = [];
  while (points.length < most) {
    let deepest = 0;
    for (let i = 1; i < depth.length; i++) {
      if (depth[i]! > depth[deepest]!) deepest = i;
    }
    if (!(depth[deepest]! > 0)) break;
    const column = deepest % coarse.width;
    const x = column * step;
    const y = (deepest - column) / coarse.width * step;
    points.push({ x, y, label: 1 });
    limit({ x, y }, 0.5);
  }
  return points;
}

type Place = Pick<Point, "x" | "y">;

/** Every `step`-th pixel of a mask. */
function shrinkMask(mask: Mask, step: number): Mask {
  const width = Math.ceil(mask.width / step);
  const height = Math.ceil(mask.height / step);
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[y * width + x] = mask.data[y * step * mask.width + x * step]!;
    }
  }
  return { width, height, data };
}

import { equal, ok } from "node:assert/strict";
import type { Engine } from "../../lib/engine/engine.ts";
import { decodeRle } from "../../lib/format/mask/rle.ts";
import { iou, overlap } from "../../lib/evaluation/metrics.ts";
import { RECIPES } from "../../lib/pipeline/recipe.ts";
import type { Mask } from "../../lib/core/mask.ts";

export const GOLDEN = new URL("../parity/golden/", import.meta.url);

/** What the oracle answers for one pair of images (tests/parity/golden/pipeline.py). */
export interface GoldenCase {
  root: string;
  reference: string;
  mask: string;
  image: string;
  recipe?: string;
  foreground: number;
  winner: number;
  /** Run lengths of the winner's mask down the columns, outside first. */
  runs: number[];
  candidates: {
    parts: number;
    points: number[][];
    /** For each point, the pixels whose similarity equals its own up to rounding; absent where each has only itself. */
    ties?: number[][][];
    distance: number | null;
  }[];
}

/** The engine on the files of a case against the oracle: points, distances, winner and mask. */
export async function comparePipeline(
  { embed, enrol, segment }: Engine,
  wanted: GoldenCase,
  root: URL,
): Promise<void> {
  const read = (path: string) => Deno.readFile(new URL(path, root));
  const annotated = await embed({ bytes: await read(wanted.reference) });
  const file = { bytes: await read(wanted.mask) };
  const profile = await enrol(annotated.bytes, { file });
  equal(profile.patches, wanted.foreground);

  const embedding = await embed({ bytes: await read(wanted.image) });
  const recipe = wanted.recipe === "natural"
    ? RECIPES.natural
    : RECIPES.medical;
  const answer = await segment(embedding.bytes, [profile.bytes], {
    recipe,
    evenAbsent: true,
  });
  equal(answer.candidates.length, wanted.candidates.length);
  answer.candidates.forEach(({ points }, i) => {
    const { points: peaks, ties = peaks.map((peak) => [peak]) } =
      wanted.candidates[i];
    equal(points.length, peaks.length);
    points.forEach(({ x, y }, k) =>
      ok(
        ties[k].some((pixel) => pixel[0] === x && pixel[1] === y),
        `point ${k} of candidate ${i} is ${x},${y}, the oracle's ${peaks[k]}`,
      )
    );
  });
  answer.candidates.forEach(({ distance }, i) => {
    const oracle = wanted.candidates[i].distance ?? Infinity;
    ok(
      distance === oracle || Math.abs(distance - oracle) <= 1e-2 * oracle,
      `distance ${distance}, the oracle's ${oracle}`,
    );
  });
  const winner = answer.candidates.findIndex(({ parts }) =>
    parts === answer.winner.parts
  );
  equal(winner, wanted.winner);
  const { width, height } = embedding.image;
  const truth = fromRuns(wanted.runs, width, height);
  const score = iou(overlap(decodeRle(answer.mask), truth));
  ok(score >= 0.99, `IoU ${score}`);
}

function fromRuns(runs: number[], width: number, height: number): Mask {
  const data = new Uint8Array(width * height);
  let at = 0;
  runs.forEach((run, i) => {
    for (let k = at; i % 2 === 1 && k < at + run; k++) {
      data[(k % height) * width + Math.floor(k / height)] = 255;
    }
    at += run;
  });
  return { width, height, data };
}

import { withArena } from "../../../lib/numerics/kernels.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import { roundedCosts } from "../../../lib/numerics/rounded_costs.ts";
import { transport } from "../../../lib/numerics/transport.ts";
import type { Python } from "./python.ts";
import { cell, spread } from "./statistics.ts";

const DIM = 256;
const SIZES = [100, 200, 300, 500, 1000, 2000, 4096];

/** Points of SAM's width in float16, roughly normal about five centres, as the patches of a structure are. */
function points(count: number, seed: number): Float32Array {
  const random = mulberry32(seed);
  const normal = () => random() + random() + random() - 1.5;
  const centre = mulberry32(7);
  const centres = Float64Array.from({ length: 5 * DIM }, centre);
  const out = new Float32Array(count * DIM);
  for (let i = 0; i < count; i++) {
    const cluster = Math.floor(5 * random());
    for (let d = 0; d < DIM; d++) {
      out[i * DIM + d] = Math.f16round(centres[cluster * DIM + d] + normal());
    }
  }
  return out;
}

/** Cost matrix and exact distance against POT, from 100 to 4096 points a side. */
export async function emdSizes(
  python: Python,
  rounds: number,
  now: () => number,
  write: (data: Float32Array) => string,
) {
  const rows: string[] = [];
  const results: Record<string, { theirs: number[]; ours: number[] }> = {};
  for (const size of SIZES) {
    const a = points(size, 1);
    const b = points(size, 2);
    const request = { op: "emd" as const, a: write(a), b: write(b) };
    const theirs = {
      cost: [] as number[],
      solve: [] as number[],
      all: [] as number[],
    };
    const ours = {
      cost: [] as number[],
      solve: [] as number[],
      all: [] as number[],
    };
    const all = Int32Array.from({ length: size }, (_, j) => j);
    let error = 0;
    for (
      let round = -1;
      round < (size > 2000 ? Math.min(rounds, 3) : rounds);
      round++
    ) {
      const { stages, distance } = await python.ask(request);
      const started = now();
      const { costed, answer } = withArena((arena) => {
        const costs = roundedCosts(arena, a, size, b, size, DIM);
        const costed = now();
        return { costed, answer: transport(arena, costs, all) };
      });
      const done = now();
      error = Math.abs(answer.distance / distance - 1);
      if (round < 0) continue;
      theirs.cost.push(stages.cost);
      theirs.solve.push(stages.distance);
      theirs.all.push(stages.cost + stages.distance);
      ours.cost.push(costed - started);
      ours.solve.push(done - costed);
      ours.all.push(done - started);
    }
    results[size] = { theirs: theirs.all, ours: ours.all };
    const ms = (values: number[]) => spread(values).median.toPrecision(3);
    rows.push(
      `| ${size} | ${ms(theirs.cost)} + ${ms(theirs.solve)} | ${
        ms(ours.cost)
      } + ${ms(ours.solve)} | ${
        cell(theirs.all.map((value, i) => value / ours.all[i]))
      } | ${error.toExponential(0)} |`,
    );
  }
  return {
    results,
    table: [
      "| points a side | POT, ms (cost + distance) | ours, ms | ratio | relative difference |",
      "| ---: | ---: | ---: | ---: | ---: |",
      ...rows,
    ].join("\n"),
  };
}

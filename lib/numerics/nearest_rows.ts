import type { Arena } from "./kernels.ts";
import type { RoundedCosts } from "./rounded_costs.ts";

/** How many rows count as the nearest; the kernel keeps as many. */
const NEIGHBOURS = 3;

/** The nearest rows of several sets to each of some targets, all of norm 1: the three least squared distances. */
export class NearestRows {
  /** Ascending. */
  readonly #least: Float32Array[];

  /** @param count of targets. */
  constructor(count: number) {
    this.#least = Array.from(
      { length: NEIGHBOURS },
      () => new Float32Array(count).fill(Infinity),
    );
  }

  /** Takes more rows, by their costs in the arena: squared distances to the targets. */
  add(
    arena: Arena,
    { cost, n, m, stride }: Pick<RoundedCosts, "cost" | "n" | "m" | "stride">,
  ): void {
    const least = arena.take(4 * stride * NEIGHBOURS);
    const lines = () =>
      this.#least.map((_, k) => arena.floats(least + 4 * stride * k, m));
    arena.floats(least, stride * NEIGHBOURS).fill(Infinity);
    lines().forEach((line, k) => line.set(this.#least[k]!));
    arena.kernels.keepLeast(cost, n, stride, least);
    lines().forEach((line, k) => this.#least[k]!.set(line));
  }

  /** Mean cosine similarity of a target to its nearest rows; −1 where there is none. */
  meanCosine(target: number): number {
    let sum = 0;
    let found = 0;
    for (const line of this.#least) {
      const value = line[target]!;
      if (value === Infinity) continue;
      sum += value;
      found++;
    }
    // A squared distance of unit vectors is 2 − 2 cos.
    return found === 0 ? -1 : 1 - sum / found / 2;
  }
}

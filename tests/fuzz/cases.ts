import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import type { Target } from "./targets.ts";

/** A case's target and its damaged input. */
export interface Case {
  target: Target;
  bytes: Uint8Array<ArrayBuffer>;
  /** The stream that the target goes on drawing from. */
  random: Random;
}

/** The case of a number; the same seed gives the same case. */
export function caseOf(targets: Target[], seed: number, index: number): Case {
  const random = Random.ofCase(seed, index);
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  let at = random.below(total);
  const target = targets.find(({ weight }) => (at -= weight) < 0)!;
  const { bytes } = random.pick(target.seeds);
  const other = random.pick(target.seeds).bytes;
  return { target, bytes: mutate(bytes, other, random), random };
}

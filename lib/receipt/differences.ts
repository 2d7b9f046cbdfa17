import { EdgeError } from "../core/errors.ts";
import type { Environment } from "./provenance.ts";
import { parametersOf } from "./provenance.ts";
import { type RecipeName, RECIPES } from "../pipeline/recipe.ts";
import type { Receipt } from "./receipt.ts";

/** An ingredient that is not what the receipt states. */
export interface Difference {
  /** Where the receipt states it: `model.digest`. */
  path: string;
  /** What was found instead, in a clause. */
  message: string;
  expected: string;
  /** Left out where there is nothing in its place. */
  actual?: string;
}

/** A receipt that cannot be replayed to the identical mask. */
export class NotReproduced extends EdgeError {
  constructor(readonly differences: Difference[]) {
    const what = differences.map(({ message }) => message).join("; ");
    super("not-reproduced", `Cannot reproduce the mask: ${what}.`);
  }
}

/** The difference of a model that is not among those at hand. */
export function differentModel(
  { model: { id, digest } }: Receipt,
  models: { id: string; digest: string }[],
): Difference[] {
  if (models.some((model) => model.digest === digest)) return [];
  const namesake = models.find((model) => model.id === id);
  const here = models.map((model) => `"${model.id}" (${model.digest})`);
  const message = namesake === undefined
    ? `the model "${id}" (${digest}) is not here, but ${here.join(" and ")}`
    : `the model "${id}" is another here: its digest is ${namesake.digest}, was ${digest}`;
  const actual = (namesake ?? models[0]).digest;
  return [{ path: "model.digest", message, expected: digest, actual }];
}

/**
 * The differences of profiles.
 *
 * @param found sha256 of each profile file that the receipt names, null for one that is not there.
 */
export function differentProfile(
  { profile: { references } }: Receipt,
  found: (string | null)[],
): Difference[] {
  return references.flatMap(({ reference, sha256 }, i) => {
    const actual = found[i];
    if (actual === sha256) return [];
    const path = `profile.references.${i}`;
    const message = actual === null
      ? `there is no reference "${reference}" of this label and model any more`
      : `the reference "${reference}" was enrolled anew or changed: its profile's sha256 is ${actual}, was ${sha256}`;
    return [{ path, message, expected: sha256, ...(actual && { actual }) }];
  });
}

/** The differences between what a recipe stood for and what it stands for. */
export function differentParameters({ parameters }: Receipt): Difference[] {
  const { recipe, position, combine } = parameters;
  if (!Object.hasOwn(RECIPES, recipe)) {
    const path = "parameters.recipe";
    const known = Object.keys(RECIPES).join(" or ");
    const message =
      `there is no recipe "${recipe}" in this version, but ${known}`;
    return [{ path, message, expected: recipe }];
  }
  const now = parametersOf(recipe as RecipeName, position, combine);
  return leaves("parameters", parameters, now);
}

/** The difference of an input. */
export function differentInput(
  path: "sha256" | "embedding",
  { input }: Receipt,
  actual: string,
): Difference[] {
  const expected = input[path];
  if (actual === expected) return [];
  const what = path === "embedding" ? "embedding" : input.kind;
  const message =
    `the ${what} is another: its sha256 is ${actual}, was ${expected}`;
  return [{ path: `input.${path}`, message, expected, actual }];
}

/** The differences between what ran the model and what runs it. */
export function differentEnvironment(
  { runtime, version }: Receipt,
  now: Environment,
): Difference[] {
  return [
    ...leaves("runtime", runtime, now.runtime),
    ...leaves("version", version, now.version),
  ];
}

/** The difference of the mask itself. */
export function differentMask(before: Receipt, after: Receipt): Difference[] {
  return leaves("mask.sha256", before.mask.sha256, after.mask.sha256);
}

/** Compares what two documents state, place by place. */
function leaves(
  path: string,
  expected: unknown,
  actual: unknown,
): Difference[] {
  if (isRecord(expected) && isRecord(actual)) {
    return Object.keys(expected).flatMap((key) =>
      leaves(`${path}.${key}`, expected[key], actual[key])
    );
  }
  const [was, is] = [expected, actual].map((value) =>
    typeof value === "string" ? value : JSON.stringify(value)
  );
  if (was === is) return [];
  const message = `${path} is ${is}, was ${was}`;
  return [{ path, message, expected: was, actual: is }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

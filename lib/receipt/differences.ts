import { EdgeError, type Fault } from "../core/errors.ts";
import { READING_RULES } from "../image/reading_rules.ts";
import { type RecipeName, RECIPES } from "../pipeline/recipe.ts";
import { type Environment, parametersOf } from "./provenance.ts";
import type { ModelIdentity, Receipt } from "./receipt.ts";

/**
 * Something that is not as the receipt states. The path leads into the receipt: `model.digest`; the message is a
 * clause; `actual` is absent when there is nothing in the place of `expected`.
 */
export interface Difference extends Fault {
  expected: string;
}

/** A receipt that cannot be replayed to the identical mask. */
export class NotReproduced extends EdgeError {
  constructor(readonly differences: Difference[]) {
    const what = differences.map(({ message }) => message).join("; ");
    super("not-reproduced", `Cannot reproduce the mask: ${what}.`);
  }
}

/** The difference of a model that is not among `models`. */
export function differentModel(
  { model: { id, digest } }: Receipt,
  models: ModelIdentity[],
): Difference[] {
  if (models.some((model) => model.digest === digest)) return [];
  const namesake = models.find((model) => model.id === id);
  const here = models.map((model) => `"${model.id}" (${model.digest})`);
  const message = namesake === undefined
    ? `the model "${id}" (${digest}) is not here, but ${here.join(" and ")}`
    : `the model "${id}" is another here: its digest is ${namesake.digest}, was ${digest}`;
  const actual = (namesake ?? models[0])?.digest;
  const path = "model.digest";
  return [{ path, message, expected: digest, ...(actual && { actual }) }];
}

/** @param found sha256 of the profile file of each reference that the receipt names, null for one that is missing. */
export function differentProfile(
  { profile: { references } }: Receipt,
  found: (string | null)[],
): Difference[] {
  return references.flatMap(({ reference, sha256 }, i) => {
    const actual = found[i] ?? null;
    if (actual === sha256) return [];
    const path = `profile.references.${i}`;
    const message = actual === null
      ? `there is no reference "${reference}" of this label and model any more`
      : `the reference "${reference}" was enrolled anew or changed: its profile's sha256 is ${actual}, was ${sha256}`;
    return [{ path, message, expected: sha256, ...(actual && { actual }) }];
  });
}

/** The differences between the recipe's parameters then and now. */
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

/** The difference of the image file, or of the embedding. */
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

/** The difference of the rules by which the image file was read, for an image whose embedding is another now. */
export function differentReading({ input }: Receipt): Difference[] {
  const expected = input.reading ?? "older rules";
  if (input.kind !== "image" || expected === READING_RULES) return [];
  const message = "the image was read by older rules " +
    `(${
      input.reading ?? "of a version that stated none"
    }): this version reads its pixels by others (${READING_RULES})`;
  return [{ path: "input.reading", message, expected, actual: READING_RULES }];
}

/** The differences between what ran the model then and what runs it now. */
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

/** The differences between two JSON documents, value by value. */
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
  const [was, is] = [textOf(expected), textOf(actual)];
  if (was === is) return [];
  const message = `${path} is ${is}, was ${was}`;
  return [{ path, message, expected: was, actual: is }];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

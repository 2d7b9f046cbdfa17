import { type Recipe, RECIPES } from "../pipeline/recipe.ts";
import { misuse, parseCommand, recipeNamed, wholeNumber } from "./arguments.ts";
import type { Sample } from "../evaluation/calibration.ts";

export const EVALUATE_USAGE =
  "deno task evaluate --data folder [--data folder …] [--model id or folder] [--recipe medical|natural] [--ablate] " +
  "[--references count] [--clicks count] [--calibration [--others count [--seed number]] [--plot file.png]] [--json]";

/** The seed of a sample for which none is named. */
const SEED = 1;

/** What a command line asks for. */
export interface EvaluateOptions {
  folders: string[];
  /** An id or a folder; the configured model where left out. */
  model?: string;
  recipe: Recipe;
  ablate: boolean;
  references: number;
  clicks: number;
  calibration: boolean;
  /** Of the images of others that a calibration segments; all where left out. */
  sample?: Sample;
  /** The file for the drawing. */
  plot?: string;
  json: boolean;
}

/** @throws EdgeError `invalid-input`, one line that names the option at fault. */
export function readOptions(args: string[]): EvaluateOptions {
  const { values } = parseCommand(
    args,
    {
      data: { type: "string", multiple: true },
      model: { type: "string" },
      recipe: { type: "string", default: "medical" },
      ablate: { type: "boolean", default: false },
      references: { type: "string", default: "1" },
      clicks: { type: "string", default: "0" },
      calibration: { type: "boolean", default: false },
      others: { type: "string" },
      seed: { type: "string" },
      plot: { type: "string" },
      json: { type: "boolean", default: false },
    },
    EVALUATE_USAGE,
  );
  const { data, model, ablate, calibration, plot, json } = values;
  const references = countNamed("references", values.references, 1);
  const clicks = countNamed("clicks", values.clicks, 0);
  if (!calibration) requireNone(values);
  const sample = sampleNamed(values);
  if (!data) throw misuse("--data is needed", EVALUATE_USAGE);
  const recipe = RECIPES[recipeNamed(values.recipe, EVALUATE_USAGE)];
  return {
    folders: data,
    model,
    recipe,
    ablate,
    references,
    clicks,
    calibration,
    sample,
    plot,
    json,
  };
}

/** Refuses what only a calibration uses. */
function requireNone(
  values: { plot?: string; others?: string; seed?: string },
): void {
  const lost = (["plot", "others", "seed"] as const)
    .find((name) => values[name] !== undefined);
  if (lost === undefined) return;
  throw misuse(
    `--${lost} needs the answers of a calibration; add --calibration`,
    EVALUATE_USAGE,
  );
}

/** The sample of images of others that the command line names; undefined for all of them. */
function sampleNamed(
  values: { others?: string; seed?: string },
): Sample | undefined {
  const others = wholeNumber("--others", values.others, EVALUATE_USAGE);
  const seed = wholeNumber("--seed", values.seed, EVALUATE_USAGE);
  if (others !== undefined) return { others, seed: seed ?? SEED };
  if (seed === undefined) return undefined;
  const why = "--seed draws a sample; add --others with its size";
  throw misuse(why, EVALUATE_USAGE);
}

/** A count that the command line names. */
function countNamed(name: string, text: string, least: number): number {
  const count = Number(text);
  if (/^\d{1,2}$/.test(text) && count >= least) return count;
  const wanted = `--${name} must be a whole number from ${least} to 99`;
  throw misuse(wanted, EVALUATE_USAGE);
}

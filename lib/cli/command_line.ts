import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { EdgeError } from "../core/errors.ts";
import { RECIPE_NAMES, type RecipeName } from "../pipeline/recipe.ts";

/** Parses a command line; a mistake becomes one line that ends with the usage. */
export function parseCommand<T extends ParseArgsOptionsConfig>(
  args: string[],
  options: T,
  usage: string,
  allowPositionals = false,
) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals });
  } catch (error) {
    throw misuse((error as Error).message, usage);
  }
}

/** The error of a command line that cannot be run. */
export function misuse(why: string, usage: string): EdgeError {
  return new EdgeError(
    "invalid-input",
    `${why.replace(/[.\s]+$/, "")}. Usage: ${usage}`,
  );
}

/** The recipe that a command line names. */
export function recipeNamed(
  name: string | undefined,
  usage: string,
): RecipeName {
  const known = RECIPE_NAMES.find((known) => known === name);
  if (known !== undefined) return known;
  const wanted = RECIPE_NAMES.join(" or ");
  throw misuse(`There is no recipe ${name}, wanted ${wanted}`, usage);
}

/** The whole number from 0 that an option gives, if it is given. */
export function wholeNumber(
  option: string,
  text: string | undefined,
  usage: string,
): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw misuse(`${option} is ${text}, wanted a whole number`, usage);
}

/** Reads a file that the command line names. */
export async function readNamed(
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : String(error);
    throw new EdgeError("invalid-input", `Cannot read ${path}: ${why}`);
  }
}

/** Runs a step on a file; its error names the file. */
export async function naming<T>(
  path: string,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const why = (error as Error).message;
    throw new EdgeError("invalid-input", `Cannot use ${path}: ${why}`);
  }
}

// @ts-types="@commander-js/extra-typings"
import {
  Command,
  CommanderError,
  type CommandUnknownOpts,
  InvalidArgumentError,
  Option,
} from "commander";
import { invalidInput } from "../core/errors.ts";
import { RECIPE_NAMES } from "../pipeline/recipe.ts";

export { Option };

/**
 * A command, to which options and an action are added.
 *
 * @param name what a person types to start it, such as `deno task segment`.
 */
export function createCommand(name: string, description: string): Command {
  return new Command(name).description(description).exitOverride()
    .configureOutput({
      writeOut: (text) => console.log(text.trimEnd()),
      // `runCommandLine` reports errors.
      writeErr: () => {},
      // The default reads the environment, which some commands are not permitted to do.
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

/**
 * Runs a command on its arguments; `--help` prints its help instead.
 *
 * @throws EdgeError `invalid-input` for wrong usage: one line that names what is wrong, and how to get help.
 */
export async function runCommandLine(
  command: CommandUnknownOpts,
  args: string[],
): Promise<void> {
  try {
    requireValues(command, args);
    await command.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw wrongUsage(command, error);
  }
}

/**
 * Refuses an option whose value was left out, so that the next option stands in its place: commander would take that for
 * the value. One that is meant is written `--label=--explain`.
 */
function requireValues(command: CommandUnknownOpts, args: string[]): void {
  const options = [command, ...command.commands].flatMap((one) => one.options);
  const end = args.indexOf("--");
  const given = end < 0 ? args : args.slice(0, end);
  for (const [i, arg] of given.entries()) {
    const option = options.find(({ long }) => long === arg);
    const next = given[i + 1];
    if (!option?.required || next === undefined) continue;
    if (next !== "--help" && !options.some(({ long }) => long === next)) {
      continue;
    }
    command.error(`error: option '${option.flags}' argument missing`);
  }
}

function wrongUsage(command: CommandUnknownOpts, error: CommanderError): Error {
  const names = command.commands.map((one) => one.name()).join(", ");
  const message = error.code === "commander.help"
    ? `A command is missing, wanted one of ${names}.`
    : error.message;
  const sentence = message.replaceAll(/\s+/g, " ")
    .replace(/^error: ./, (start) => start.slice(-1).toUpperCase())
    .replace(/\.?$/, ".");
  return invalidInput(`${sentence} See \`${command.name()} --help\`.`);
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** Parses a value with a function that gives null for text it cannot read. */
export function parsedBy<T>(
  parse: (text: string) => T | null,
  wanted: string,
): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (value !== null) return value;
    throw new InvalidArgumentError(`Wanted ${wanted}.`);
  };
}

/** Parses a whole number within bounds. */
export function wholeNumber(least = 0, most = 999_999) {
  return parsedBy((text) => {
    const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
    return value >= least && value <= most ? value : null;
  }, `a whole number from ${least} to ${most}`);
}

/** Parses the path of a folder that will be written to. */
export const outputFolder = parsedBy(
  (text) => text || null,
  "the path of a folder",
);

/** The option that names a recipe. */
export function recipeOption() {
  return new Option(
    "--recipe <name>",
    "which candidates are tried, and how (default: the model's own)",
  ).choices(RECIPE_NAMES);
}

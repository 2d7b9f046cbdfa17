import { equal, match } from "node:assert/strict";
import { composeEngines, composeModel } from "../../deploy/compose_engine.ts";
import {
  type Config,
  EMBEDDED_MODELS,
  readConfig,
} from "../../deploy/config.ts";
import { demo } from "../../lib/cli/run_demo.ts";
import { evaluateFolders } from "../../lib/cli/evaluate_folders.ts";
import { makeKey } from "../../lib/cli/make_api_key.ts";
import { manageModels } from "../../lib/cli/manage_models.ts";
import { replayFiles } from "../../lib/cli/replay_receipt.ts";
import { segmentFiles } from "../../lib/cli/segment_files.ts";
import { folderUrl } from "../../lib/model/locate.ts";
import { Registry } from "../../lib/model/registry.ts";
import { TINY } from "./model_package.ts";

type Command = (args: string[], config: Config) => void | Promise<void>;

/** What the entry points of these names do between reading the settings and printing an error. */
const COMMANDS = {
  segment: (args, config) =>
    segmentFiles(args, () => composeModel(config), config.MAX_PIXELS),
  replay: (args, config) => replayFiles(args, () => composeModel(config)),
  evaluate: (args, config) =>
    evaluateFolders(
      args,
      (_, model) =>
        composeEngines(model ? { ...config, MODEL: [model] } : config),
      config.MAX_PIXELS,
    ),
  models: (args, { MODELS }) =>
    manageModels(args, new Registry(folderUrl(MODELS), EMBEDDED_MODELS)),
  demo: async (args, config) =>
    await demo(args, await composeModel(config), config.MAX_PIXELS),
  key: makeKey,
} satisfies Record<string, Command>;

export interface Outcome {
  code: number;
  /** What was printed on stdout, without the space around it. */
  out: string;
  /** The same of stderr. */
  error: string;
}

/**
 * Runs a command in this process, one at a time because the console is global, over the tiny model unless the
 * settings name another.
 */
export async function runCommand(
  entry: keyof typeof COMMANDS,
  args: string[],
  environment: Record<string, string> = {},
): Promise<Outcome> {
  const { log, error, warn } = console;
  const printed: { out: string[]; error: string[] } = { out: [], error: [] };
  console.log = (...parts: unknown[]) => printed.out.push(parts.join(" "));
  console.error = (...parts: unknown[]) => printed.error.push(parts.join(" "));
  console.warn = console.error;
  let code = 0;
  try {
    const config = readConfig({ ...TINY, ...environment });
    await COMMANDS[entry](args, config);
  } catch (thrown) {
    // As deploy/commands/run_command.ts prints it.
    console.error(
      `error: ${thrown instanceof Error ? thrown.message : thrown}`,
    );
    code = 1;
  } finally {
    Object.assign(console, { log, error, warn });
  }
  const text = (lines: string[]) => lines.join("\n").trim();
  return { code, out: text(printed.out), error: text(printed.error) };
}

/**
 * Fails unless the command ended with status 1 and one line, the reason wanted.
 *
 * @param said what the failure of this check names.
 */
export function requireOneLine(
  { code, error }: Outcome,
  wanted: RegExp,
  said = "",
): void {
  const told = `${said}: ${error}`;
  equal(code, 1, told);
  match(error, /^error: [^\n]*$/, told);
  match(error, wanted, told);
}

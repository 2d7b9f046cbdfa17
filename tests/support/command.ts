import { equal, match } from "node:assert/strict";
import { composeEngines, composeModel } from "../../deploy/compose_engine.ts";
import {
  type Config,
  EMBEDDED_MODELS,
  readConfig,
} from "../../deploy/config.ts";
import { runCommandLine } from "../../lib/cli/command_line.ts";
import { demoCommand } from "../../lib/cli/run_demo.ts";
import { evaluateCommand } from "../../lib/cli/evaluate_folders.ts";
import { apiKeyCommand } from "../../lib/cli/make_api_key.ts";
import { modelsCommand } from "../../lib/cli/manage_models.ts";
import { replayCommand } from "../../lib/cli/replay_receipt.ts";
import { segmentCommand } from "../../lib/cli/segment_files.ts";
import { folderUrl } from "../../lib/model/locate.ts";
import { Registry } from "../../lib/model/registry.ts";
import { TINY } from "./model_package.ts";

/** The commands that the entry points of these names run, with the settings read already. */
const COMMANDS = {
  segment: (config: Config) => segmentCommand(() => composeModel(config)),
  replay: (config: Config) => replayCommand(() => composeModel(config)),
  evaluate: (config: Config) =>
    evaluateCommand((_, model) =>
      composeEngines(model ? { ...config, MODEL: [model] } : config)
    ),
  models: ({ MODELS }: Config) =>
    modelsCommand(() => new Registry(folderUrl(MODELS), EMBEDDED_MODELS)),
  demo: (config: Config) => demoCommand(() => composeModel(config)),
  key: apiKeyCommand,
};

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
    await runCommandLine(COMMANDS[entry](config), args);
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

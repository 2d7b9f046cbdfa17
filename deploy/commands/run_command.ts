import { runCommandLine } from "../../lib/cli/command_line.ts";
import { runMain } from "../run_main.ts";

/** Runs a command on the arguments of this process. */
export function runCommand(
  command: Parameters<typeof runCommandLine>[0],
): Promise<void> {
  return runMain(() => runCommandLine(command, Deno.args));
}

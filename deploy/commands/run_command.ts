import { runCommandLine } from "../../lib/cli/command_line.ts";

/** Runs a program; an error becomes one line on stderr and exit status 1. */
export async function runMain(program: () => Promise<void>): Promise<void> {
  try {
    await program();
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}

/** Runs a command on the arguments of this process. */
export function runCommand(
  command: Parameters<typeof runCommandLine>[0],
): Promise<void> {
  return runMain(() => runCommandLine(command, Deno.args));
}

import { TINY } from "./model_package.ts";

const ROOT = new URL("../../", import.meta.url);

/** Runs an entry point as its task does, in a separate process, until it ends. */
export async function runEntry(
  entry: string,
  args: string[],
  environment: Record<string, string> = {},
  permissions = ["--allow-all"],
) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, `deploy/${entry}.ts`, ...args],
    cwd: ROOT,
    env: {
      ...TINY,
      KV_PATH: ":memory:",
      NO_COLOR: "1",
      ...environment,
    },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, out: text(stdout), error: text(stderr) };
}

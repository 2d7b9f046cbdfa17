import { KEY_USAGE, makeKey } from "../../lib/cli/make_api_key.ts";
import { runMain } from "./run_command.ts";

/** `deno task api-key`: a new API key. */
await runMain(() => {
  if (Deno.args.includes("--help")) console.log(KEY_USAGE);
  else makeKey(Deno.args);
  return Promise.resolve();
});

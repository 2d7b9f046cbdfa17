import { KEY_USAGE, makeKey } from "../lib/cli/key.ts";
import { runMain } from "./main.ts";

/** `deno task api-key`: a new API key. */
await runMain(() => {
  if (Deno.args.includes("--help")) console.log(KEY_USAGE);
  else makeKey(Deno.args);
  return Promise.resolve();
});

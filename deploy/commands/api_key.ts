import { apiKeyCommand } from "../../lib/cli/make_api_key.ts";
import { runCommand } from "./run_command.ts";

/** `deno task api-key`: a new API key. */
await runCommand(apiKeyCommand());

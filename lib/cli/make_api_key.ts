import { mintKey } from "../access/api_keys.ts";
import { DEFAULT_TENANT, isScope, SCOPES } from "../access/caller.ts";
import { invalidInput } from "../core/errors.ts";
import { createCommand } from "./command_line.ts";

/** `deno task api-key`. */
export function apiKeyCommand() {
  return createCommand(
    "deno task api-key",
    "Makes an API key: prints its secret, which is stored nowhere, and the entry to add to API_KEYS.",
  )
    .argument("<id>", "name by which you will know the key")
    .option("--tenant <name>", "tenant that the key belongs to", DEFAULT_TENANT)
    .option(
      "--scopes <list>",
      "what the key allows, joined by +",
      SCOPES.join("+"),
    )
    .action((id, options) => {
      const scopes = options.scopes.split("+");
      if (!scopes.every(isScope)) {
        throw invalidInput(
          `Cannot use --scopes ${options.scopes}: ` +
            `wanted one or more of ${SCOPES.join(", ")}, joined by +.`,
        );
      }
      const { secret, entry } = mintKey(id, options.tenant, scopes);
      console.log(`secret, shown this once: ${secret}`);
      console.log(`add to API_KEYS: ${entry}`);
    });
}

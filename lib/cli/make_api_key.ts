import { mintKey } from "../access/api_keys.ts";
import {
  DEFAULT_TENANT,
  isScope,
  requireName,
  SCOPES,
} from "../access/caller.ts";
import { misuse, parseCommand } from "./arguments.ts";

export const KEY_USAGE =
  "deno task api-key <id> [--tenant <name>] [--scopes encode+enrol+segment+read+erase+admin]";

/** Makes an API key: prints its secret, which is kept nowhere, and the entry to configure. */
export function makeKey(args: string[]): void {
  const { values, positionals: [id, ...more] } = parseCommand(
    args,
    { tenant: { type: "string" }, scopes: { type: "string" } },
    KEY_USAGE,
    true,
  );
  if (id === undefined || more.length > 0) {
    throw misuse("It takes one id, by which you will know the key", KEY_USAGE);
  }
  const { tenant = DEFAULT_TENANT, scopes: list = SCOPES.join("+") } = values;
  for (const [name, what] of [[id, "The id"], [tenant, "The tenant"]]) {
    try {
      requireName(name, what);
    } catch (error) {
      throw misuse((error as Error).message, KEY_USAGE);
    }
  }
  const scopes = list.split("+");
  if (!scopes.every(isScope)) {
    throw misuse(`Scopes are ${SCOPES.join(", ")}`, KEY_USAGE);
  }
  const { secret, entry } = mintKey(id, tenant, scopes);
  console.log(`secret, shown this once: ${secret}`);
  console.log(`add to API_KEYS: ${entry}`);
}

import { modelsCommand } from "../../lib/cli/manage_models.ts";
import { folderUrl } from "../../lib/model/locate.ts";
import { Registry } from "../../lib/model/registry.ts";
import { EMBEDDED_MODELS, readConfig } from "../config.ts";
import { runCommand } from "./run_command.ts";

/** `deno task models`: the registry of model packages. */
await runCommand(modelsCommand(() => {
  const { MODELS } = readConfig(Deno.env.toObject());
  return new Registry(folderUrl(MODELS), EMBEDDED_MODELS);
}));

import { manageModels, MODELS_USAGE } from "../../lib/cli/manage_models.ts";
import { folderUrl } from "../../lib/model/locate.ts";
import { Registry } from "../../lib/model/registry.ts";
import { EMBEDDED_MODELS, readConfig } from "../config.ts";
import { runMain } from "./run_command.ts";

/** `deno task models`: the registry of model packages. */
await runMain(async () => {
  if (Deno.args.includes("--help")) return console.log(MODELS_USAGE);
  const { MODELS } = readConfig(Deno.env.toObject());
  await manageModels(
    Deno.args,
    new Registry(folderUrl(MODELS), EMBEDDED_MODELS),
  );
});

import { demo } from "../../lib/cli/run_demo.ts";
import { composeModel } from "../compose_engine.ts";
import { readConfig } from "../config.ts";
import { runMain } from "./run_command.ts";

/** `deno task demo`: a generated patient, two visits, from enrolment to an overlay picture. */
await runMain(async () => {
  const config = readConfig(Deno.env.toObject());
  await demo(Deno.args, await composeModel(config), config.MAX_PIXELS);
});

import { demoCommand } from "../../lib/cli/run_demo.ts";
import { openModel } from "../compose_engine.ts";
import { runCommand } from "./run_command.ts";

/** `deno task demo`: a generated patient's two visits, from enrolment to an overlay. */
await runCommand(demoCommand(openModel));

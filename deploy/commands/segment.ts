import { segmentCommand } from "../../lib/cli/segment_files.ts";
import { openModel } from "../compose_engine.ts";
import { runCommand } from "./run_command.ts";

/** `deno task segment`: enrols one annotated image and segments others, from files to files. */
await runCommand(segmentCommand(openModel));

import { text } from "node:stream/consumers";
import { auditTrailCommand } from "../../lib/cli/verify_trail.ts";
import { runCommand } from "./run_command.ts";

/** `deno task audit:trail`: verifies an exported audit trail on stdin. */
await runCommand(auditTrailCommand(() => text(Deno.stdin.readable)));

import { text } from "node:stream/consumers";
import { AUDIT_USAGE, verifyExport } from "../../lib/cli/verify_trail.ts";
import { runMain } from "./run_command.ts";

/** `deno task audit:trail`: verifies an exported audit trail on stdin. */
await runMain(async () => {
  if (Deno.args.length > 0) return console.log(AUDIT_USAGE);
  console.log(await verifyExport(await text(Deno.stdin.readable)));
});

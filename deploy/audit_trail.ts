import { text } from "node:stream/consumers";
import { AUDIT_USAGE, verifyExport } from "../lib/cli/audit.ts";
import { runMain } from "./main.ts";

/** `deno task audit:trail`: verifies an exported audit trail on stdin. */
await runMain(async () => {
  if (Deno.args.length > 0) return console.log(AUDIT_USAGE);
  console.log(await verifyExport(await text(Deno.stdin.readable)));
});

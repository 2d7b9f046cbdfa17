import { invalidInput } from "../core/errors.ts";
import { type AuditEntry, verifyTrail } from "../store/audit/hash_chain.ts";
import { createCommand } from "./command_line.ts";

/**
 * `deno task audit:trail`.
 *
 * @param readInput reads stdin to its end.
 */
export function auditTrailCommand(readInput: () => Promise<string>) {
  return createCommand(
    "deno task audit:trail",
    "Verifies an exported audit trail, which it reads from stdin: all pages of GET /v1/audit, one after another.",
  ).action(async () => console.log(await verifyExport(await readInput())));
}

/**
 * Verifies a whole export of the audit trail.
 *
 * @returns what the trail holds, in words.
 */
export async function verifyExport(text: string): Promise<string> {
  const lines = text.split("\n").filter((line) => line !== "");
  const entries = lines.map((line, i) => {
    try {
      const entry: AuditEntry = JSON.parse(line);
      if (Array.isArray(entry.heads)) return entry;
    } catch {
      // Refused below.
    }
    throw invalidInput(`Line ${i + 1} is no entry of an audit trail.`);
  });
  const chains = await verifyTrail(entries);
  return `whole: ${entries.length} entries in ${chains} chains`;
}

import { invalidInput } from "../core/errors.ts";
import { type AuditEntry, verifyTrail } from "../store/audit/hash_chain.ts";

export const AUDIT_USAGE =
  "deno task audit:trail < trail.ndjson (all pages of GET /v1/audit, one after another)";

/** Verifies a whole export of the audit trail and says what it holds. */
export async function verifyExport(text: string): Promise<string> {
  const entries = text.split("\n").filter((line) => line !== "").map(
    (line, i) => {
      try {
        const entry: AuditEntry = JSON.parse(line);
        if (Array.isArray(entry.heads)) return entry;
      } catch {
        // As below.
      }
      throw invalidInput(`Line ${i + 1} is no entry of an audit trail.`);
    },
  );
  const chains = await verifyTrail(entries);
  return `whole: ${entries.length} entries in ${chains} chains`;
}

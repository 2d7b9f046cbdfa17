import { textDigest } from "../../core/digest.ts";
import { type EdgeError, invalidInput } from "../../core/errors.ts";

/** What happened, as one entry of the trail. */
export interface AuditEvent {
  /** Opaque id of the caller. */
  caller: string;
  /** Method and route, `DELETE /v1/patients/:patient`. */
  operation: string;
  /** Tags of the names in the route, in their order. */
  names: string[];
  /** A change has two entries, when it begins and when it is answered; everything else has the second. */
  phase: "begun" | "answered";
  /** Status of the answer, or null. */
  status: number | null;
  /** The request's id. */
  request: string;
}

/** The last entry of a chain, as another chain's first entry holds it. */
export type Head = [chain: string, seq: number, hash: string];

/** An entry in its chain. */
export interface AuditEntry extends AuditEvent {
  /** Id of the chain; every instance has one per tenant. Ids of later chains sort after those of earlier ones. */
  chain: string;
  /** Place in the chain, from 0. */
  seq: number;
  /** ISO 8601, UTC. */
  at: string;
  /** In a chain's first entry: the last entries of the chains before it. */
  heads: Head[];
  /** `hash` of the entry before, or empty. */
  previous: string;
  /** SHA-256 over all of the above, hex. */
  hash: string;
}

/** The hash that an entry must have. */
export function hashEntry(entry: Omit<AuditEntry, "hash">): Promise<string> {
  const { chain, seq, at, caller, operation, names, phase, status } = entry;
  const { request, heads, previous } = entry;
  const text = JSON.stringify([
    [chain, seq, at, caller, operation, names],
    [phase, status, request, heads, previous],
  ]);
  return textDigest(text);
}

/**
 * Verifies that a whole export of a trail is complete and unaltered: each chain counts up from 0, each entry holds the
 * hash of the one before, and every chain that a later one names is there up to the entry named. The end of the
 * youngest chain alone can be cut off unnoticed.
 *
 * @param entries in the order of the export.
 * @returns the number of chains.
 * @throws EdgeError `invalid-input` that names the first fault.
 */
export async function verifyTrail(
  entries: Iterable<AuditEntry>,
): Promise<number> {
  const hashes = new Map<string, string[]>();
  const heads: Head[] = [];
  for (const entry of entries) {
    const { chain, seq, previous, hash } = entry;
    const chained = hashes.get(chain) ?? [];
    hashes.set(chain, chained);
    if (seq !== chained.length) {
      throw broken(`entry ${chained.length} of chain ${chain} is missing`);
    }
    if (previous !== (chained.at(-1) ?? "")) {
      throw broken(`entry ${seq} of chain ${chain} follows another entry`);
    }
    if (hash !== await hashEntry(entry)) {
      throw broken(`entry ${seq} of chain ${chain} was altered`);
    }
    chained.push(hash);
    heads.push(...entry.heads);
  }
  for (const [chain, seq, hash] of heads) {
    if (hashes.get(chain)?.[seq] === hash) continue;
    throw broken(`the end of chain ${chain} is missing or was altered`);
  }
  return hashes.size;
}

function broken(why: string): EdgeError {
  return invalidInput(`The trail is broken: ${why}.`);
}

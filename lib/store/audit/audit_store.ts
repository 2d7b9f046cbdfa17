import type { AuditEntry, AuditEvent } from "./hash_chain.ts";

/** The append-only audit trail, by tenant. It contains no names of patients. */
export interface AuditStore {
  /** Adds an event; it is in the trail when the promise resolves. */
  append(tenant: string, event: AuditEvent): Promise<void>;
  /** A tag that stands for a name in its place in a route; equal names have equal tags, which do not reveal them. */
  tag(tenant: string, ...path: string[]): Promise<string>;
  /** Entries, chain by chain, at most `limit`, from the one after `after`. */
  read(
    tenant: string,
    page: {
      after?: [chain: string, seq: number] | undefined;
      limit: number;
    },
  ): Promise<AuditEntry[]>;
}

/** The trail of a host that stores nothing: none. */
export const NO_AUDIT: AuditStore = {
  append: () => Promise.resolve(),
  tag: () => Promise.resolve(""),
  read: () => Promise.resolve([]),
};

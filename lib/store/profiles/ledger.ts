import type { Change, Reference, Revision } from "./profile_store.ts";

/** Revisions that are kept of a label: the newest. */
export const MAX_REVISIONS = 20;

/** A revision as it is kept: references by the id of their file. */
interface Entry extends Omit<Revision, "references"> {
  files: string[];
}

/** What is kept of a patient: the revisions of every label, oldest first, and every reference that one of them has. */
export interface Ledger {
  /** A map, since a label may be called "constructor". */
  labels: Map<string, Entry[]>;
  /** By file id. */
  references: Record<string, Reference>;
}

/** A ledger as the bytes that are stored, JSON. */
export function writeLedger(
  { labels, references }: Ledger,
): Uint8Array<ArrayBuffer> {
  const plain = { labels: Object.fromEntries(labels), references };
  return new TextEncoder().encode(JSON.stringify(plain));
}

export function readLedger(bytes: Uint8Array): Ledger {
  const { labels, references } = JSON.parse(new TextDecoder().decode(bytes));
  return { labels: new Map(Object.entries(labels)), references };
}

/** What is to change, and when. */
interface Step {
  change: Change;
  reference: string | null;
  restored?: number;
  at: string;
}

/** The ledger of references that were stored before there was one: every label in its first revision. */
export function adopt(files: [id: string, reference: Reference][]): Ledger {
  const ledger: Ledger = {
    labels: new Map(),
    references: Object.fromEntries(files),
  };
  for (const [, { label, createdAt: at }] of files) {
    const all = files.filter(([, other]) => other.label === label);
    ledger.labels.set(label, []);
    add(ledger, label, all.map(([id]) => id), {
      change: "enrolled",
      reference: null,
      at,
    });
  }
  return ledger;
}

/** The file of each current reference, by name. */
export function currentFiles(ledger: Ledger): Map<string, string> {
  const files = [...ledger.labels.values()].flatMap((entries) =>
    entries.at(-1)!.files
  );
  return new Map(files.map((id) => [ledger.references[id].reference, id]));
}

/** The kept revisions of every label, newest first. */
export function revisionsOf(
  { labels, references }: Ledger,
): Map<string, Revision[]> {
  return new Map(
    Array.from(labels, ([label, entries]) => [
      label,
      entries.map(({ files, ...entry }) => ({
        ...entry,
        references: files.map((id) => references[id]),
      })).reverse(),
    ]),
  );
}

/** Puts a reference in the place of the one of its name, under whatever label that was. */
export function enrolled(
  before: Ledger,
  id: string,
  reference: Reference,
): Ledger {
  const { label, reference: name, createdAt: at } = reference;
  const old = currentFiles(before).get(name);
  const ledger = structuredClone(before);
  if (old !== undefined && before.references[old].label !== label) {
    leave(ledger, old, at);
  }
  ledger.references[id] = reference;
  const others = current(ledger, label).filter((other) => other !== old);
  const change = reference.accepted !== undefined
    ? "accepted"
    : old === undefined
    ? "enrolled"
    : "replaced";
  add(ledger, label, [...others, id], { change, reference: name, at });
  return prune(ledger);
}

/** Takes a reference out of its label. */
export function deleted(before: Ledger, id: string, at: string): Ledger {
  const ledger = structuredClone(before);
  leave(ledger, id, at);
  return prune(ledger);
}

/**
 * Brings a label back to an earlier revision; null when that is not kept. A name that another label uses by
 * now leaves that label.
 */
export function restored(
  before: Ledger,
  label: string,
  revision: number,
  at: string,
): Ledger | null {
  const entry = before.labels.get(label)?.find((one) =>
    one.revision === revision
  );
  if (entry === undefined) return null;
  const ledger = structuredClone(before);
  const files = currentFiles(before);
  for (const id of entry.files) {
    const now = files.get(before.references[id].reference);
    if (now === undefined || before.references[now].label === label) continue;
    leave(ledger, now, at);
  }
  add(ledger, label, entry.files, {
    change: "restored",
    reference: null,
    restored: revision,
    at,
  });
  return prune(ledger);
}

function current(ledger: Ledger, label: string): string[] {
  return ledger.labels.get(label)?.at(-1)?.files ?? [];
}

function leave(ledger: Ledger, id: string, at: string): void {
  const { label, reference } = ledger.references[id];
  const left = current(ledger, label).filter((other) => other !== id);
  add(ledger, label, left, { change: "deleted", reference, at });
}

function add(
  { labels, references }: Ledger,
  label: string,
  files: string[],
  { change, reference, restored, at }: Step,
): void {
  const entries = labels.get(label) ?? [];
  labels.set(label, entries);
  const revision = (entries.at(-1)?.revision ?? 0) + 1;
  const name = (id: string) => references[id].reference;
  const sorted = files.toSorted((a, b) => name(a) < name(b) ? -1 : 1);
  entries.push({
    revision,
    change,
    reference,
    restored: restored ?? null,
    at,
    files: sorted,
  });
}

/** Forgets revisions beyond the newest, and references that no revision has. */
function prune(ledger: Ledger): Ledger {
  for (const entries of ledger.labels.values()) {
    entries.splice(0, entries.length - MAX_REVISIONS);
  }
  const used = new Set(
    [...ledger.labels.values()].flat().flatMap(({ files }) => files),
  );
  for (const id of Object.keys(ledger.references)) {
    if (!used.has(id)) delete ledger.references[id];
  }
  return ledger;
}

import type { Bytes } from "../../core/bytes.ts";
import type { Reference, Revision } from "./reference.ts";

/** Revisions that are kept of a label: the newest. */
export const MAX_REVISIONS = 20;

/** A revision as it is kept: references by the id of their file. */
interface KeptRevision extends Omit<Revision, "references"> {
  files: string[];
}

/** What is kept of a patient: the revisions of every label, oldest first, and every reference that one of them has. */
export interface Ledger {
  labels: Map<string, KeptRevision[]>;
  /** By file id. */
  references: Map<string, Reference>;
}

/** A ledger as the bytes that are stored, JSON. */
export function writeLedger({ labels, references }: Ledger): Bytes {
  return new TextEncoder().encode(JSON.stringify({
    labels: Object.fromEntries(labels),
    references: Object.fromEntries(references),
  }));
}

/** The ledger that `writeLedger` wrote. */
export function readLedger(bytes: Bytes): Ledger {
  const { labels, references } = JSON.parse(new TextDecoder().decode(bytes));
  return {
    labels: new Map(Object.entries(labels)),
    references: new Map(Object.entries(references)),
  };
}

/** The ledger of references that were stored before there was one: every label in its first revision. */
export function adopt(files: [id: string, reference: Reference][]): Ledger {
  const ledger: Ledger = { labels: new Map(), references: new Map(files) };
  for (const [, { label, createdAt: at }] of files) {
    const all = files.filter(([, other]) => other.label === label);
    ledger.labels.set(label, []);
    addRevision(ledger, label, all.map(([id]) => id), {
      change: "enrolled",
      reference: null,
      at,
    });
  }
  return ledger;
}

/** The file of each current reference, by the reference's name. */
export function currentFiles(ledger: Ledger): Map<string, string> {
  const files = [...ledger.labels.keys()].flatMap((label) =>
    filesOf(ledger, label)
  );
  return new Map(files.map((id) => [referenceOf(ledger, id).reference, id]));
}

/** The kept revisions of every label, newest first. */
export function revisionsOf(ledger: Ledger): Map<string, Revision[]> {
  return new Map(
    Array.from(ledger.labels, ([label, kept]) => [
      label,
      kept.map((one) => revisionOf(ledger, one)).reverse(),
    ]),
  );
}

/** A revision of a label with the files of its references: the newest, or the one of this number if it is kept. */
export function findRevision(
  ledger: Ledger,
  label: string,
  number?: number,
): { revision: Revision; files: string[] } | null {
  const kept = ledger.labels.get(label) ?? [];
  const found = number === undefined
    ? kept.at(-1)
    : kept.find(({ revision }) => revision === number);
  if (found === undefined) return null;
  return { revision: revisionOf(ledger, found), files: found.files };
}

/** The newest revision of a label that the ledger has. */
export function newestRevision(ledger: Ledger, label: string): Revision {
  const found = findRevision(ledger, label);
  if (found !== null) return found.revision;
  throw new Error("The ledger does not have this label.");
}

/** The ledger with a reference in the place of the one of its name, under whatever label that was. */
export function withReference(
  before: Ledger,
  id: string,
  reference: Reference,
): Ledger {
  const { label, reference: name, createdAt: at } = reference;
  const old = currentFiles(before).get(name);
  const ledger = structuredClone(before);
  if (old !== undefined && referenceOf(before, old).label !== label) {
    leaveLabel(ledger, old, at);
  }
  ledger.references.set(id, reference);
  const others = filesOf(ledger, label).filter((other) => other !== old);
  const change = reference.accepted !== undefined
    ? "accepted"
    : old === undefined
    ? "enrolled"
    : "replaced";
  addRevision(ledger, label, [...others, id], { change, reference: name, at });
  return prune(ledger);
}

/** The ledger without a reference in its label. */
export function withoutReference(
  before: Ledger,
  id: string,
  at: string,
): Ledger {
  const ledger = structuredClone(before);
  leaveLabel(ledger, id, at);
  return prune(ledger);
}

/**
 * The ledger with a label as it was in an earlier revision; null when that is not kept. A reference of that revision
 * whose name another label uses by now leaves that label.
 */
export function withRestored(
  before: Ledger,
  label: string,
  revision: number,
  at: string,
): Ledger | null {
  const found = findRevision(before, label, revision);
  if (found === null) return null;
  const ledger = structuredClone(before);
  const current = currentFiles(before);
  for (const { reference } of found.revision.references) {
    const id = current.get(reference);
    if (id === undefined || referenceOf(before, id).label === label) continue;
    leaveLabel(ledger, id, at);
  }
  addRevision(ledger, label, found.files, {
    change: "restored",
    reference: null,
    restored: revision,
    at,
  });
  return prune(ledger);
}

/** The files of a label's newest revision. */
function filesOf(ledger: Ledger, label: string): string[] {
  return ledger.labels.get(label)?.at(-1)?.files ?? [];
}

function referenceOf({ references }: Ledger, id: string): Reference {
  const reference = references.get(id);
  if (reference !== undefined) return reference;
  throw new Error("A revision names a file that its ledger does not have.");
}

function revisionOf(
  ledger: Ledger,
  { files, ...kept }: KeptRevision,
): Revision {
  return { ...kept, references: files.map((id) => referenceOf(ledger, id)) };
}

function leaveLabel(ledger: Ledger, id: string, at: string): void {
  const { label, reference } = referenceOf(ledger, id);
  const left = filesOf(ledger, label).filter((other) => other !== id);
  addRevision(ledger, label, left, { change: "deleted", reference, at });
}

/** What made a new revision, and when. */
interface Cause extends Pick<Revision, "change" | "reference" | "at"> {
  restored?: number;
}

function addRevision(
  ledger: Ledger,
  label: string,
  files: string[],
  { change, reference, restored, at }: Cause,
): void {
  const kept = ledger.labels.get(label) ?? [];
  ledger.labels.set(label, kept);
  const revision = (kept.at(-1)?.revision ?? 0) + 1;
  const name = (id: string) => referenceOf(ledger, id).reference;
  kept.push({
    revision,
    change,
    reference,
    restored: restored ?? null,
    at,
    files: files.toSorted((a, b) => name(a) < name(b) ? -1 : 1),
  });
}

/** Drops revisions beyond the newest, and references that no revision has. */
function prune(ledger: Ledger): Ledger {
  for (const kept of ledger.labels.values()) {
    kept.splice(0, kept.length - MAX_REVISIONS);
  }
  const used = new Set(
    [...ledger.labels.values()].flat().flatMap(({ files }) => files),
  );
  for (const id of ledger.references.keys()) {
    if (!used.has(id)) ledger.references.delete(id);
  }
  return ledger;
}

import type { Entry } from "../kv/blob_store.ts";
import { retryConflicts } from "../kv/retry_conflicts.ts";
import type { RecordStore } from "../records/record_store.ts";
import {
  adopt,
  currentFiles,
  findRevision,
  type Ledger,
  newestRevision,
  readLedger,
  revisionsOf,
  withoutReference,
  withReference,
  withRestored,
  writeLedger,
} from "./ledger.ts";
import type { Enrolled, ProfileStore, Reference } from "./profile_store.ts";

/** Other writers that may get ahead of one before it is given up. */
const ATTEMPTS = 50;

/** A profile file and its id. */
interface NewFile {
  id: string;
  enrolled: Enrolled;
}

/**
 * Profiles in Deno KV. A profile's file never changes. It lies under `["reference", tenant, patient, name, uuid]`, or
 * without the uuid when it is older than the ledger; its id is what follows the patient, joined by slashes. The ledger,
 * `["profile", tenant, patient, "ledger"]`, says which files each revision has. It is replaced, together with new
 * files, in one commit that fails when another writer was first, so that a crash leaves either the old state or the
 * new one.
 */
export function createProfileStore(records: RecordStore): ProfileStore {
  const readFiles = async (tenant: string, patient: string) => {
    const prefix = ["reference", tenant, patient];
    const found = await records.list<Reference>(prefix);
    return found.map(({ key, record }): [string, Reference] => [
      key.slice(prefix.length).join("/"),
      record,
    ]);
  };

  /** The ledger, and its version: null when none is stored yet. */
  const read = async (
    tenant: string,
    patient: string,
  ): Promise<{ ledger: Ledger; version: string | null }> => {
    const stored = await records.read<null>(ledgerAt(tenant, patient));
    if (stored !== null) {
      return { ledger: readLedger(stored.bytes), version: stored.version };
    }
    const older = (await readFiles(tenant, patient))
      .filter(([id]) => !id.includes("/"));
    return { ledger: adopt(older), version: null };
  };

  const open = async (
    tenant: string,
    { references }: Ledger,
    id: string | undefined,
  ): Promise<Enrolled | null> => {
    const reference = id === undefined ? undefined : references.get(id);
    if (id === undefined || reference === undefined) return null;
    const key = fileAt(tenant, reference.patient, id);
    const stored = await records.get<Reference>(key);
    return stored && { reference, profile: stored.bytes };
  };

  /**
   * Changes the ledger.
   *
   * @param step gives the ledger that follows; null changes nothing.
   * @param fresh the files that the step adds, written in the same commit.
   */
  const change = async <T extends Ledger | null>(
    tenant: string,
    patient: string,
    step: (ledger: Ledger) => T,
    fresh: NewFile[] = [],
  ): Promise<{ before: Ledger; after: T }> =>
    await retryConflicts(ATTEMPTS, async () => {
      const { ledger: before, version } = await read(tenant, patient);
      const after = step(before);
      if (after === null) return { before, after };
      const key = ledgerAt(tenant, patient);
      const bytes = writeLedger(after);
      const entries: Entry<Reference | null>[] = [
        { key, record: null, bytes, ifVersion: version },
      ];
      for (const { id, enrolled } of fresh) {
        const { reference: record, profile: bytes } = enrolled;
        entries.push({ key: fileAt(tenant, patient, id), record, bytes });
      }
      if (!await records.putAll(entries)) return;
      await removeUnused(tenant, patient);
      return { before, after };
    });

  /**
   * Removes the files that no revision has. A ledger is written with its files, so one read after them knows them
   * all.
   */
  const removeUnused = async (tenant: string, patient: string) => {
    const files = await readFiles(tenant, patient);
    const { ledger } = await read(tenant, patient);
    for (const [id] of files) {
      if (ledger.references.has(id)) continue;
      await records.delete(fileAt(tenant, patient, id));
    }
  };

  /** Stores references, each in its own revision, all in one commit. */
  const enrolAll = async (
    tenant: string,
    patient: string,
    enrolments: Enrolled[],
  ) => {
    const fresh = enrolments.map((enrolled): NewFile => ({
      id: `${enrolled.reference.reference}/${crypto.randomUUID()}`,
      enrolled,
    }));
    const step = (ledger: Ledger) =>
      fresh.reduce(
        (before, { id, enrolled: { reference } }) =>
          withReference(before, id, reference),
        ledger,
      );
    return await change(tenant, patient, step, fresh);
  };

  const timestamp = () => new Date(records.now()).toISOString();

  return {
    async put(tenant, enrolment) {
      const { patient, label, reference: name } = enrolment.reference;
      const { before, after } = await enrolAll(tenant, patient, [enrolment]);
      return {
        replaced: currentFiles(before).has(name),
        revision: newestRevision(after, label).revision,
      };
    },

    async putAll(tenant, enrolments) {
      const [first] = enrolments;
      if (first === undefined) return;
      await enrolAll(tenant, first.reference.patient, enrolments);
    },

    async find(tenant, patient, reference) {
      const { ledger } = await read(tenant, patient);
      const id = currentFiles(ledger).get(reference);
      return id === undefined ? null : ledger.references.get(id) ?? null;
    },

    async list(tenant, patient) {
      const { ledger } = await read(tenant, patient);
      return [...ledger.labels.keys()]
        .flatMap((label) => newestRevision(ledger, label).references)
        .sort((a, b) => a.reference < b.reference ? -1 : 1);
    },

    async revisions(tenant, patient) {
      const { ledger } = await read(tenant, patient);
      const revisions = revisionsOf(ledger);
      return revisions.size === 0 ? null : revisions;
    },

    async get(tenant, patient, reference) {
      const { ledger } = await read(tenant, patient);
      return await open(tenant, ledger, currentFiles(ledger).get(reference));
    },

    async profile(tenant, patient, label, { revision: wanted, model }) {
      const { ledger } = await read(tenant, patient);
      const found = findRevision(ledger, label, wanted);
      if (found === null) return null;
      const { revision, files } = found;
      const opened = await Promise.all(
        files.filter((id) => ledger.references.get(id)?.model === model)
          .map((id) => open(tenant, ledger, id)),
      );
      return { revision, enrolled: opened.filter((one) => one !== null) };
    },

    async delete(tenant, patient, reference) {
      const { after } = await change(tenant, patient, (ledger) => {
        const id = currentFiles(ledger).get(reference);
        return id === undefined
          ? null
          : withoutReference(ledger, id, timestamp());
      });
      return after !== null;
    },

    async restore(tenant, patient, label, revision) {
      const { after } = await change(
        tenant,
        patient,
        (ledger) => withRestored(ledger, label, revision, timestamp()),
      );
      return after && newestRevision(after, label);
    },
  };
}

function ledgerAt(tenant: string, patient: string): Deno.KvKey {
  return ["profile", tenant, patient, "ledger"];
}

function fileAt(tenant: string, patient: string, id: string): Deno.KvKey {
  return ["reference", tenant, patient, ...id.split("/")];
}

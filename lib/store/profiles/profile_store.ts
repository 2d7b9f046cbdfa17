import type { Entry } from "../kv/blob_store.ts";
import { retryConflicts } from "../kv/retry.ts";
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
import type { Enrolled, KeptAnnotation, Reference } from "./reference.ts";

/** Other writers that may get ahead of one before it is given up. */
const ATTEMPTS = 50;

/** A profile file and its id. */
interface NewFile {
  id: string;
  enrolled: Enrolled;
}

/** References with their revisions, by tenant, patient and label. No tenant sees what another stores. */
export type ProfileStore = ReturnType<typeof createProfileStore>;

/**
 * Profiles in Deno KV. A profile's file never changes. It lies under `["reference", tenant, patient, name, uuid]`, or
 * without the uuid when it is older than the ledger; its id is what follows the patient, joined by slashes. The
 * annotation that it was made of, where it is kept, lies below "annotation" instead. The ledger,
 * `["profile", tenant, patient, "ledger"]`, says which files each revision has. It is replaced, together with new
 * files, in one commit that fails when another writer was first, so that a crash leaves either the old state or the
 * new one.
 */
export function createProfileStore(records: RecordStore) {
  const readFiles = async (tenant: string, patient: string) => {
    const prefix = ["reference", tenant, patient];
    const found = await records.list<Reference>(prefix);
    return found.map(({ key, record }): [string, Reference] => [
      key.slice(prefix.length).join("/"),
      record,
    ]);
  };

  /** The ledger, and its version: null when none is stored yet. */
  const read = async (tenant: string, patient: string) => {
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
        const { reference, profile, annotation } = enrolled;
        entries.push({
          key: fileAt(tenant, patient, id),
          record: reference,
          bytes: profile,
        });
        if (annotation === undefined) continue;
        const kept = new TextEncoder().encode(JSON.stringify(annotation));
        const at = annotationAt(tenant, patient, id);
        entries.push({ key: at, record: null, bytes: kept });
      }
      if (!await records.putAll(entries)) return;
      await removeUnused(tenant, patient);
      return { before, after };
    });

  /** Removes the files that no revision has. A ledger is written with its files, so one read later knows them all. */
  const removeUnused = async (tenant: string, patient: string) => {
    const files = await readFiles(tenant, patient);
    const { ledger } = await read(tenant, patient);
    for (const [id] of files) {
      if (ledger.references.has(id)) continue;
      await records.delete(annotationAt(tenant, patient, id));
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
    /** Writes or replaces a whole reference. */
    async put(tenant: string, enrolment: Enrolled) {
      const { patient, label, reference: name } = enrolment.reference;
      const { before, after } = await enrolAll(tenant, patient, [enrolment]);
      return {
        replaced: currentFiles(before).has(name),
        revision: newestRevision(after, label).revision,
      };
    },

    /** Writes or replaces several references of one patient, all or none. */
    async putAll(tenant: string, enrolments: Enrolled[]) {
      const [first] = enrolments;
      if (first === undefined) return;
      await enrolAll(tenant, first.reference.patient, enrolments);
    },

    /** The reference without its profile, or null. */
    async find(tenant: string, patient: string, reference: string) {
      const { ledger } = await read(tenant, patient);
      const id = currentFiles(ledger).get(reference);
      return id === undefined ? null : ledger.references.get(id) ?? null;
    },

    /** A page of the tenant's patients; see {@linkcode RecordStore.pageOfPatients}. */
    page: (
      tenant: string,
      page: Parameters<RecordStore["pageOfPatients"]>[2],
    ) => records.pageOfPatients(tenant, ["profile", "reference"], page),
    /** What a reference was enrolled with, or null where it is not kept. */
    async annotation(
      tenant: string,
      patient: string,
      reference: string,
    ): Promise<KeptAnnotation | null> {
      const { ledger } = await read(tenant, patient);
      const id = currentFiles(ledger).get(reference);
      if (id === undefined) return null;
      const kept = await records.get(annotationAt(tenant, patient, id));
      if (kept !== null) {
        return JSON.parse(new TextDecoder().decode(kept.bytes));
      }
      // It once lay in the record itself.
      type Older = Reference & Pick<Enrolled, "annotation">;
      const older = await records.get<Older>(fileAt(tenant, patient, id));
      return older?.record.annotation ?? null;
    },

    /** The current references of a patient in order of name; empty for an unknown patient. */
    async list(tenant: string, patient: string) {
      const { ledger } = await read(tenant, patient);
      return [...ledger.labels.keys()]
        .flatMap((label) => newestRevision(ledger, label).references)
        .sort((a, b) => a.reference < b.reference ? -1 : 1);
    },

    /** The kept revisions of each label, newest first; null for an unknown patient. */
    async revisions(tenant: string, patient: string) {
      const { ledger } = await read(tenant, patient);
      const revisions = revisionsOf(ledger);
      return revisions.size === 0 ? null : revisions;
    },

    /** The reference with its profile, or null. */
    async get(tenant: string, patient: string, reference: string) {
      const { ledger } = await read(tenant, patient);
      return await open(tenant, ledger, currentFiles(ledger).get(reference));
    },

    /**
     * The references of a label that one model made, in order of name, with their profiles: those of the newest
     * revision, or of the one named. Null when there is no such label or revision.
     */
    async profile(
      tenant: string,
      patient: string,
      label: string,
      which: { revision?: number | undefined; model: string },
    ) {
      const { ledger } = await read(tenant, patient);
      const found = findRevision(ledger, label, which.revision);
      if (found === null) return null;
      const { revision, files } = found;
      const opened = await Promise.all(
        files.filter((id) => ledger.references.get(id)?.model === which.model)
          .map((id) => open(tenant, ledger, id)),
      );
      return { revision, enrolled: opened.filter((one) => one !== null) };
    },

    /** Removes a reference; earlier revisions keep it. False when there was none. */
    async delete(tenant: string, patient: string, reference: string) {
      const { after } = await change(tenant, patient, (ledger) => {
        const id = currentFiles(ledger).get(reference);
        return id === undefined
          ? null
          : withoutReference(ledger, id, timestamp());
      });
      return after !== null;
    },

    /** Makes a new revision that equals an old one; null when that is not kept. */
    async restore(
      tenant: string,
      patient: string,
      label: string,
      revision: number,
    ) {
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

function annotationAt(
  tenant: string,
  patient: string,
  id: string,
): Deno.KvKey {
  return ["annotation", tenant, patient, ...id.split("/")];
}

function fileAt(tenant: string, patient: string, id: string): Deno.KvKey {
  return ["reference", tenant, patient, ...id.split("/")];
}

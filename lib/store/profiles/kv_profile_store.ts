import { EdgeError } from "../../core/errors.ts";
import type { Entry } from "../kv/blob_store.ts";
import {
  adopt,
  currentFiles,
  deleted,
  enrolled,
  type Ledger,
  readLedger,
  restored,
  revisionsOf,
  writeLedger,
} from "./ledger.ts";
import type { Enrolled, ProfileStore, Reference } from "./profile_store.ts";
import type { Vault } from "../records/record_store.ts";

/** Writers that may get ahead of one before it is given up. */
const ATTEMPTS = 50;

/** A ledger, and the version that it was read in. */
interface Known {
  ledger: Ledger;
  /** Null where it is not stored yet. */
  version: string | null;
}

/**
 * Profiles in Deno KV. A profile's file never changes: it lies under `["reference", tenant, patient, name, uuid]`,
 * or without the uuid where it is older than the ledger. The ledger, `["profile", tenant, patient, "ledger"]`, says which
 * files each revision has. It is replaced in one commit with what is new, unless another writer came first, so that
 * a crash leaves the old state whole or the new one.
 */
export function createProfileStore(blobs: Vault): ProfileStore {
  const ledgerAt = (tenant: string, patient: string) => [
    "profile",
    tenant,
    patient,
    "ledger",
  ];
  const fileAt = (tenant: string, patient: string, id: string) => [
    "reference",
    tenant,
    patient,
    ...id.split("/"),
  ];

  const files = async (tenant: string, patient: string) => {
    const prefix = ["reference", tenant, patient];
    const found = await blobs.records<Reference>(prefix);
    return found.map(({ key, record }): [string, Reference] => [
      key.slice(prefix.length).join("/"),
      record,
    ]);
  };

  const read = async (tenant: string, patient: string): Promise<Known> => {
    const stored = await blobs.read<null>(ledgerAt(tenant, patient));
    if (stored === null) {
      const older = (await files(tenant, patient))
        .filter(([id]) => !id.includes("/"));
      return { ledger: adopt(older), version: null };
    }
    return { ledger: readLedger(stored.bytes), version: stored.version };
  };

  const open = async (
    tenant: string,
    ledger: Ledger,
    id: string,
  ): Promise<Enrolled | null> => {
    const reference = ledger.references[id];
    const key = fileAt(tenant, reference.patient, id);
    const stored = await blobs.get<Reference>(key);
    return stored && { reference, profile: stored.bytes };
  };

  /**
   * Makes a change of the ledger as it is then; null changes nothing.
   *
   * @param fresh the files that it names anew, written in the same commit.
   */
  const change = async (
    tenant: string,
    patient: string,
    step: (ledger: Ledger) => Ledger | null,
    fresh: { id: string; enrolled: Enrolled }[] = [],
  ): Promise<{ before: Ledger; after: Ledger } | null> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { ledger: before, version: was } = await read(tenant, patient);
      const after = step(before);
      if (after === null) return null;
      const bytes = writeLedger(after);
      const key = ledgerAt(tenant, patient);
      const entries: Entry<Reference | null>[] = [
        { key, record: null, bytes, was },
      ];
      for (const { id, enrolled } of fresh) {
        const { reference: record, profile: bytes } = enrolled;
        entries.push({ key: fileAt(tenant, patient, id), record, bytes });
      }
      if (!await blobs.putAll(entries)) continue;
      await tidy(tenant, patient);
      return { before, after };
    }
    throw new EdgeError(
      "conflict",
      "Other changes of this patient came first, again and again; try again.",
    );
  };

  /** Removes the files that no revision has any more. A file comes with a ledger that names it, so that one read later knows it. */
  const tidy = async (tenant: string, patient: string) => {
    const found = await files(tenant, patient);
    const { ledger } = await read(tenant, patient);
    for (const [id] of found) {
      if (id in ledger.references) continue;
      await blobs.delete(fileAt(tenant, patient, id));
    }
  };

  /** Each in a revision of its own, all in one commit. */
  const enrolAll = async (
    tenant: string,
    patient: string,
    enrolments: Enrolled[],
  ) => {
    const fresh = enrolments.map((one) => ({
      id: `${one.reference.reference}/${crypto.randomUUID()}`,
      enrolled: one,
    }));
    const step = (ledger: Ledger) =>
      fresh.reduce(
        (before, { id, enrolled: { reference } }) =>
          enrolled(before, id, reference),
        ledger,
      );
    return (await change(tenant, patient, step, fresh))!;
  };

  const stamp = () => new Date(blobs.now()).toISOString();

  return {
    async put(tenant, enrolment) {
      const { patient, label, reference: name } = enrolment.reference;
      const { before, after } = await enrolAll(tenant, patient, [enrolment]);
      return {
        replaced: currentFiles(before).has(name),
        revision: after.labels.get(label)!.at(-1)!.revision,
      };
    },

    async putAll(tenant, enrolments) {
      if (enrolments.length === 0) return;
      const [{ reference: { patient } }] = enrolments;
      await enrolAll(tenant, patient, enrolments);
    },

    async find(tenant, patient, reference) {
      const { ledger } = await read(tenant, patient);
      const id = currentFiles(ledger).get(reference);
      return id === undefined ? null : ledger.references[id];
    },

    async list(tenant, patient) {
      const { ledger } = await read(tenant, patient);
      return Array.from(currentFiles(ledger))
        .sort(([a], [b]) => a < b ? -1 : 1)
        .map(([, id]) => ledger.references[id]);
    },

    async revisions(tenant, patient) {
      const { ledger } = await read(tenant, patient);
      const revisions = revisionsOf(ledger);
      return revisions.size === 0 ? null : revisions;
    },

    async get(tenant, patient, reference) {
      const { ledger } = await read(tenant, patient);
      const id = currentFiles(ledger).get(reference);
      return id === undefined ? null : await open(tenant, ledger, id);
    },

    async profile(tenant, patient, label, { revision: wanted, model }) {
      const { ledger } = await read(tenant, patient);
      const revisions = revisionsOf(ledger).get(label) ?? [];
      const revision = wanted === undefined
        ? revisions.at(0)
        : revisions.find((one) => one.revision === wanted);
      if (revision === undefined) return null;
      const entry = ledger.labels.get(label)!.find((one) =>
        one.revision === revision.revision
      )!;
      const opened = await Promise.all(
        entry.files.filter((id) => ledger.references[id].model === model)
          .map((id) => open(tenant, ledger, id)),
      );
      return { revision, enrolled: opened.filter((one) => one !== null) };
    },

    async delete(tenant, patient, reference) {
      const changed = await change(tenant, patient, (ledger) => {
        const id = currentFiles(ledger).get(reference);
        return id === undefined ? null : deleted(ledger, id, stamp());
      });
      return changed !== null;
    },

    async restore(tenant, patient, label, revision) {
      const changed = await change(
        tenant,
        patient,
        (ledger) => restored(ledger, label, revision, stamp()),
      );
      return changed && revisionsOf(changed.after).get(label)![0];
    },
  };
}

import type { BlobStore } from "./blob.ts";
import type { ProfileStore, Reference } from "./types.ts";

/** Profiles in Deno KV under `["reference", tenant, patient, reference]`. */
export function createProfileStore(blobs: BlobStore): ProfileStore {
  const keyOf = (tenant: string, patient: string, reference: string) => [
    "reference",
    tenant,
    patient,
    reference,
  ];
  return {
    put(tenant, { reference, profile }) {
      const key = keyOf(tenant, reference.patient, reference.reference);
      return blobs.put(key, { record: reference, bytes: profile });
    },
    putAll(tenant, enrolled) {
      return blobs.putAll(enrolled.map(({ reference, profile }) => ({
        key: keyOf(tenant, reference.patient, reference.reference),
        record: reference,
        bytes: profile,
      })));
    },
    find(tenant, patient, reference) {
      return blobs.record<Reference>(keyOf(tenant, patient, reference));
    },
    async list(tenant, patient) {
      const found = await blobs.records<Reference>([
        "reference",
        tenant,
        patient,
      ]);
      return found.map(({ record }) => record);
    },
    async get(tenant, patient, reference) {
      const stored = await blobs.get<Reference>(
        keyOf(tenant, patient, reference),
      );
      return stored === null
        ? null
        : { reference: stored.record, profile: stored.bytes };
    },
    delete(tenant, patient, reference) {
      return blobs.delete(keyOf(tenant, patient, reference));
    },
  };
}

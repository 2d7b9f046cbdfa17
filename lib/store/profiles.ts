import type { BlobStore } from "./blob.ts";
import type { ProfileStore, Reference } from "./types.ts";

/** Profiles in Deno KV under `["reference", patient, reference]`. */
export function createProfileStore(blobs: BlobStore): ProfileStore {
  const keyOf = (patient: string, reference: string) => [
    "reference",
    patient,
    reference,
  ];
  return {
    put({ reference, profile }) {
      const key = keyOf(reference.patient, reference.reference);
      return blobs.put(key, { record: reference, bytes: profile });
    },
    find(patient, reference) {
      return blobs.record<Reference>(keyOf(patient, reference));
    },
    async list(patient) {
      const found = await blobs.records<Reference>(["reference", patient]);
      return found.map(({ record }) => record);
    },
    async get(patient, reference) {
      const stored = await blobs.get<Reference>(keyOf(patient, reference));
      return stored === null
        ? null
        : { reference: stored.record, profile: stored.bytes };
    },
    delete(patient, reference) {
      return blobs.delete(keyOf(patient, reference));
    },
  };
}

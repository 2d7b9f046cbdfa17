import type { Bytes } from "../../core/bytes.ts";
import type { AuditEntry, AuditEvent } from "../audit/hash_chain.ts";
import type { EnrolmentReport } from "../../pipeline/self_tests.ts";
import type { Size } from "../../core/geometry.ts";

/** Bytes that own their memory, so that KV and HTTP take them as they are. */

/** Who accepted a result as a reference, and when: the caller's own words, kept and given back as they are. */
export interface Accepted {
  by: string | null;
  at: string | null;
}

/** How far an accepted result lies from the first reference; see `lib/pipeline/drift.ts`. */
export interface Drift {
  /** Earth mover's distance to the first reference over the spread to be expected; about 1 where nothing moved. */
  value: number;
  /** What to do about it, or null where it needs nothing. */
  warning: string | null;
}

/** What is known of a reference besides its profile. */
export interface Reference {
  patient: string;
  reference: string;
  /** Name of the structure. */
  label: string;
  /** Position along a volume, 0..1, or null. */
  position: number | null;
  /** Digest of the model. */
  model: string;
  image: Size;
  /** Foreground patches in the profile. */
  patches: number;
  /** How far it finds itself again; absent from what was stored before reports. */
  report?: EnrolmentReport;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** Of an accepted result alone. */
  accepted?: Accepted;
  /** Of an accepted result alone, where there was a reference to measure it by. */
  drift?: Drift;
}

/** A reference and its profile's safetensors file, as written together. */
export interface Enrolled {
  reference: Reference;
  profile: Bytes;
}

/** What made a revision. */
export type Change =
  | "enrolled"
  | "replaced"
  | "accepted"
  | "deleted"
  | "restored";

/** One state of a label's references. */
export interface Revision {
  /** 1, 2, 3, … of each label. */
  revision: number;
  change: Change;
  /** The reference that was changed; null where all were. */
  reference: string | null;
  /** The revision that was restored. */
  restored: number | null;
  /** ISO 8601, UTC. */
  at: string;
  /** In order of name. */
  references: Reference[];
}

/** References, by tenant, patient and label, and how they came about: what one tenant stores no other sees. */
export interface ProfileStore {
  /** Writes or replaces a whole reference. */
  put(
    tenant: string,
    enrolled: Enrolled,
  ): Promise<{ replaced: boolean; revision: number }>;
  /** Writes or replaces several references of one patient, all or none. */
  putAll(tenant: string, enrolled: Enrolled[]): Promise<void>;
  /** The reference without its profile, or null. */
  find(
    tenant: string,
    patient: string,
    reference: string,
  ): Promise<Reference | null>;
  /** References of a patient in order of name; empty for an unknown patient. */
  list(tenant: string, patient: string): Promise<Reference[]>;
  /** The revisions that are kept of each label, the newest first; null for an unknown patient. */
  revisions(
    tenant: string,
    patient: string,
  ): Promise<Map<string, Revision[]> | null>;
  /**
   * The references of a label that one model made, in order of name, with their profiles; those of an earlier
   * revision where one is named. Null when there is no such label or revision.
   */
  profile(
    tenant: string,
    patient: string,
    label: string,
    which: { revision?: number; model: string },
  ): Promise<{ revision: Revision; enrolled: Enrolled[] } | null>;
  /** The reference with its profile, or null. */
  get(
    tenant: string,
    patient: string,
    reference: string,
  ): Promise<Enrolled | null>;
  /** Takes a reference out; the revisions before keep it. False when there was none. */
  delete(tenant: string, patient: string, reference: string): Promise<boolean>;
  /** Makes a new revision that equals an old one; null when that is not kept. */
  restore(
    tenant: string,
    patient: string,
    label: string,
    revision: number,
  ): Promise<Revision | null>;
}

/** What concerns a patient as a whole. */
export interface PatientStore {
  /**
   * Notes that an operation of the patient uses an embedding, before it is stored, so that erasing the
   * patient erases it.
   *
   * @param enrols whether the patient may be new.
   * @throws EdgeError `not-found` when the patient was erased meanwhile.
   */
  link(
    tenant: string,
    patient: string,
    embedding: string,
    enrols: boolean,
  ): Promise<void>;
  /** Erases the embedding again when the patient was erased before it was stored. */
  confirmLink(
    tenant: string,
    patient: string,
    embedding: string,
  ): Promise<void>;
  /** Erases all that is stored of the patient; false when there was nothing. */
  erase(tenant: string, patient: string): Promise<boolean>;
}

/** The append-only trail of what was done, by tenant; it names nobody. */
export interface AuditStore {
  /** Adds an event; it is in the trail when the promise resolves. */
  append(tenant: string, event: AuditEvent): Promise<void>;
  /** Stands for a name in its place in a route; equal names have equal tags, which tell nothing of them. */
  tag(tenant: string, ...path: string[]): Promise<string>;
  /** Entries, chain by chain. */
  read(
    tenant: string,
    which: { after?: [chain: string, seq: number]; limit: number },
  ): Promise<AuditEntry[]>;
}

/** An embedding in the cache, as its safetensors file. */
export interface CachedEmbedding {
  bytes: Bytes;
  /** Digest of the model that made it. */
  model: string;
  image: Size;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** Embeddings by tenant and content address: not even that an image was seen is told to another tenant. */
export interface EmbeddingStore {
  get(tenant: string, id: string): Promise<CachedEmbedding | null>;
  put(
    tenant: string,
    id: string,
    file: Omit<CachedEmbedding, "expiresAt">,
  ): Promise<{ expiresAt: number }>;
}

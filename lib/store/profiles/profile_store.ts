import type { Bytes } from "../../core/bytes.ts";
import type { Size } from "../../core/geometry.ts";
import type { EnrolmentReport } from "../../pipeline/self_tests.ts";

/** Who accepted a result as a reference, and when: the caller's own words, returned unchanged. */
export interface Accepted {
  by: string | null;
  at: string | null;
}

/** How far an accepted result lies from the first reference; see `lib/pipeline/drift.ts`. */
export interface Drift {
  /** Earth mover's distance to the first reference over the spread to be expected; about 1 where nothing moved. */
  value: number;
  /** What to do about it, or null when nothing needs to be done. */
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
  /** Result of its self-test; absent from references enrolled before there were self-tests. */
  report?: EnrolmentReport;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** Of an accepted result alone. */
  accepted?: Accepted;
  /** Of an accepted result alone, when there was an earlier reference to measure from. */
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
  /** The reference that was changed; null when all were. */
  reference: string | null;
  /** The revision that was restored. */
  restored: number | null;
  /** ISO 8601, UTC. */
  at: string;
  /** In order of name. */
  references: Reference[];
}

/** References with their revisions, by tenant, patient and label. No tenant sees what another stores. */
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
  /** The current references of a patient in order of name; empty for an unknown patient. */
  list(tenant: string, patient: string): Promise<Reference[]>;
  /** The kept revisions of each label, newest first; null for an unknown patient. */
  revisions(
    tenant: string,
    patient: string,
  ): Promise<Map<string, Revision[]> | null>;
  /**
   * The references of a label that one model made, in order of name, with their profiles: those of the newest
   * revision, or of the one named. Null when there is no such label or revision.
   */
  profile(
    tenant: string,
    patient: string,
    label: string,
    which: { revision?: number | undefined; model: string },
  ): Promise<{ revision: Revision; enrolled: Enrolled[] } | null>;
  /** The reference with its profile, or null. */
  get(
    tenant: string,
    patient: string,
    reference: string,
  ): Promise<Enrolled | null>;
  /** Removes a reference; earlier revisions keep it. False when there was none. */
  delete(tenant: string, patient: string, reference: string): Promise<boolean>;
  /** Makes a new revision that equals an old one; null when that is not kept. */
  restore(
    tenant: string,
    patient: string,
    label: string,
    revision: number,
  ): Promise<Revision | null>;
}

import type { Bytes } from "../../core/bytes.ts";
import type { Size } from "../../core/geometry.ts";
import type { MaskReading } from "../../core/mask.ts";
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

/** The mask that a reference was enrolled with: another model is enrolled with it and the image alone. */
export interface KeptAnnotation {
  /** Height and width in pixels of the image. */
  size: [number, number];
  /** COCO's compressed run lengths. */
  counts: string;
  /** `imageDigest` of the annotated image's file. */
  image: string;
}

/** Salted digests of whom an image is of. */
export interface SealedSubject {
  /** Random, of this reference. */
  salt: string;
  /** Of its Patient ID. */
  id: string;
  /** Of the issuer, or null where its image states none. */
  issuer: string | null;
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
  /** Id of the model; absent from references enrolled before it was kept. */
  modelId?: string;
  image: Size;
  /** Foreground patches in the profile. */
  patches: number;
  /** How its annotation was read; absent from references enrolled before this was kept. */
  mask?: MaskReading;
  /** Whether its annotation is kept: absent where the image came as an embedding, or before annotations were kept. */
  annotationKept?: true;
  /** Result of its self-test; absent from references enrolled before there were self-tests. */
  report?: EnrolmentReport;
  /** Whom its image is of; absent where that states nobody, or before this was kept. Never leaves the store. */
  subject?: SealedSubject;
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
  /** Written where it is to be kept; read by `annotation` alone. */
  annotation?: KeptAnnotation;
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

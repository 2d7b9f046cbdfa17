import type { Profile } from "../pipeline/profile.ts";
import type { Embedding, Size } from "../pipeline/types.ts";

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
  /** ISO 8601, UTC. */
  createdAt: string;
}

/** Profiles by patient and reference. */
export interface ProfileStore {
  /** Writes or replaces a whole reference; true when it replaced one. */
  put(reference: Reference, profile: Profile): Promise<boolean>;
  get(patient: string, reference: string): Promise<Reference | null>;
  /** References of a patient in order of name; empty for an unknown patient. */
  list(patient: string): Promise<Reference[]>;
  /** The profile behind a reference, or null. */
  profile(patient: string, reference: string): Promise<Profile | null>;
  /** False when there was none. */
  delete(patient: string, reference: string): Promise<boolean>;
}

/** An embedding in the cache. */
export interface CachedEmbedding {
  embedding: Embedding;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** Embeddings by content address. */
export interface EmbeddingStore {
  get(id: string): Promise<CachedEmbedding | null>;
  /** The stored safetensors file, or null. */
  file(id: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** When a stored embedding expires, or null for none; reads no tensor. */
  find(id: string): Promise<{ image: Size; expiresAt: number } | null>;
  put(id: string, embedding: Embedding): Promise<{ expiresAt: number }>;
}

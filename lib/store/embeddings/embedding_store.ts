import type { Bytes } from "../../core/bytes.ts";
import type { Size } from "../../core/geometry.ts";

/** An embedding in the cache, as its safetensors file. */
export interface CachedEmbedding {
  bytes: Bytes;
  /** Digest of the model that made it. */
  model: string;
  image: Size;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** Embeddings by tenant and content address: another tenant does not learn even that an image was seen. */
export interface EmbeddingStore {
  /** The embedding, or null when it is absent or has expired. */
  get(tenant: string, id: string): Promise<CachedEmbedding | null>;
  put(
    tenant: string,
    id: string,
    embedding: Omit<CachedEmbedding, "expiresAt">,
  ): Promise<{ expiresAt: number }>;
}

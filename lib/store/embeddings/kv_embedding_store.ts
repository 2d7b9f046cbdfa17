import { EdgeError } from "../../core/errors.ts";
import type { Size } from "../../core/geometry.ts";
import type { BlobStore } from "../kv/blob_store.ts";
import type { EmbeddingStore } from "../profiles/profile_store.ts";

interface EmbeddingRecord {
  model: string;
  image: Size;
  expiresAt: number;
}

/** Embeddings in Deno KV under `["embedding", tenant, id]`, gone after `lifetime` milliseconds. */
export function createEmbeddingStore(
  blobs: BlobStore,
  lifetime: number,
): EmbeddingStore {
  return {
    async get(tenant, id) {
      const stored = await blobs.get<EmbeddingRecord>(embeddingAt(tenant, id))
        .catch(passDamaged);
      if (stored === null || stored.record.expiresAt <= blobs.now()) {
        return null;
      }
      return { ...stored.record, bytes: stored.bytes };
    },
    async put(tenant, id, { bytes, model, image }) {
      const expiresAt = blobs.now() + lifetime;
      const record: EmbeddingRecord = { model, image, expiresAt };
      await blobs.put(embeddingAt(tenant, id), { record, bytes }, lifetime);
      return { expiresAt };
    },
  };
}

/** A damaged embedding is one that must be made again. */
function passDamaged(error: unknown): null {
  if (error instanceof EdgeError && error.code === "damaged") return null;
  throw error;
}

/** Where an embedding lies. */
export function embeddingAt(tenant: string, id: string): Deno.KvKey {
  return ["embedding", tenant, id];
}

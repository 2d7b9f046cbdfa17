import type { Size } from "../pipeline/types.ts";
import type { BlobStore } from "./blob.ts";
import type { EmbeddingStore } from "./types.ts";

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
      const stored = await blobs.get<EmbeddingRecord>(keyOf(tenant, id));
      if (stored === null || stored.record.expiresAt <= blobs.now()) {
        return null;
      }
      return { ...stored.record, bytes: stored.bytes };
    },
    async put(tenant, id, { bytes, model, image }) {
      const expiresAt = blobs.now() + lifetime;
      const record: EmbeddingRecord = { model, image, expiresAt };
      await blobs.put(keyOf(tenant, id), { record, bytes }, lifetime);
      return { expiresAt };
    },
  };
}

function keyOf(tenant: string, id: string): Deno.KvKey {
  return ["embedding", tenant, id];
}

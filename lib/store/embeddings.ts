import type { Size } from "../pipeline/types.ts";
import type { BlobStore } from "./blob.ts";
import type { EmbeddingStore } from "./types.ts";

interface EmbeddingRecord {
  model: string;
  image: Size;
  expiresAt: number;
}

/** Embeddings in Deno KV under `["embedding", id]`, gone after `lifetime` milliseconds. */
export function createEmbeddingStore(
  blobs: BlobStore,
  lifetime: number,
): EmbeddingStore {
  return {
    async get(id) {
      const stored = await blobs.get<EmbeddingRecord>(["embedding", id]);
      if (stored === null || stored.record.expiresAt <= blobs.now()) {
        return null;
      }
      return { ...stored.record, bytes: stored.bytes };
    },
    async put(id, { bytes, model, image }) {
      const expiresAt = blobs.now() + lifetime;
      const record: EmbeddingRecord = { model, image, expiresAt };
      await blobs.put(["embedding", id], { record, bytes }, lifetime);
      return { expiresAt };
    },
  };
}

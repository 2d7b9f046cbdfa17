import { readEmbedding, writeEmbedding } from "../format/embedding_file.ts";
import type { ModelGeometry, Size } from "../pipeline/types.ts";
import type { BlobStore } from "./blob.ts";
import type { EmbeddingStore } from "./types.ts";

interface EmbeddingRecord {
  image: Size;
  expiresAt: number;
}

/**
 * Embeddings in Deno KV under `["embedding", id]`, float16, gone after `lifetime` milliseconds. An id
 * is bound to a model, so a record read back is always of the model served.
 */
export function createEmbeddingStore(
  blobs: BlobStore,
  model: ModelGeometry,
  lifetime: number,
): EmbeddingStore {
  const read = async (id: string) => {
    const stored = await blobs.get<EmbeddingRecord>(["embedding", id]);
    return stored === null || stored.record.expiresAt <= blobs.now()
      ? null
      : stored;
  };
  return {
    async get(id) {
      const stored = await read(id);
      if (stored === null) return null;
      const embedding = readEmbedding(stored.bytes, model, Infinity);
      return { embedding, expiresAt: stored.record.expiresAt };
    },
    async file(id) {
      return (await read(id))?.bytes ?? null;
    },
    async find(id) {
      const record = await blobs.record<EmbeddingRecord>(["embedding", id]);
      return record === null || record.expiresAt <= blobs.now() ? null : record;
    },
    async put(id, embedding) {
      const expiresAt = blobs.now() + lifetime;
      const record: EmbeddingRecord = { image: embedding.image, expiresAt };
      await blobs.put(["embedding", id], {
        record,
        bytes: writeEmbedding(embedding),
      }, lifetime);
      return { expiresAt };
    },
  };
}

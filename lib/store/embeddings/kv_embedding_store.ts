import { EdgeError } from "../../core/errors.ts";
import type { RecordStore } from "../records/record_store.ts";
import type { CachedEmbedding, EmbeddingStore } from "./embedding_store.ts";

type EmbeddingRecord = Omit<CachedEmbedding, "bytes">;

/** Embeddings in Deno KV, each of which expires after `lifetime` milliseconds. */
export function createEmbeddingStore(
  records: RecordStore,
  lifetime: number,
): EmbeddingStore {
  return {
    async get(tenant, id) {
      const key = embeddingAt(tenant, id);
      const stored = await records.get<EmbeddingRecord>(key)
        .catch(ignoreDamage);
      if (stored === null || stored.record.expiresAt <= records.now()) {
        return null;
      }
      return { ...stored.record, bytes: stored.bytes };
    },
    async put(tenant, id, { bytes, model, image }) {
      const expiresAt = records.now() + lifetime;
      const record: EmbeddingRecord = { model, image, expiresAt };
      const key = embeddingAt(tenant, id);
      await records.put(key, { record, bytes }, lifetime);
      return { expiresAt };
    },
  };
}

/** A damaged embedding counts as absent: it can be made again. */
function ignoreDamage(error: unknown): null {
  if (error instanceof EdgeError && error.code === "damaged") return null;
  throw error;
}

/** Where an embedding lies in a `RecordStore`. */
export function embeddingAt(tenant: string, id: string): Deno.KvKey {
  return ["embedding", tenant, id];
}

import { LRUCache } from "lru-cache";
import type { CachedEmbedding, EmbeddingStore } from "./embedding_store.ts";

export interface MemoryOptions {
  /** Bytes of embeddings held; the least recently used are dropped first. */
  maxBytes: number;
  /** Milliseconds after which an embedding expires. */
  lifetime: number;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** Embeddings in this process's memory, for a host that keeps no other state. */
export function createMemoryEmbeddings(
  { maxBytes, lifetime, now = Date.now }: MemoryOptions,
): EmbeddingStore {
  const held = new LRUCache<string, CachedEmbedding>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }) => bytes.length,
  });
  return {
    get(tenant, id) {
      const found = held.get(`${tenant} ${id}`) ?? null;
      const alive = found !== null && found.expiresAt > now();
      return Promise.resolve(alive ? found : null);
    },
    put(tenant, id, embedding) {
      const expiresAt = now() + lifetime;
      held.set(`${tenant} ${id}`, { ...embedding, expiresAt });
      return Promise.resolve({ expiresAt });
    },
  };
}

import { LRUCache } from "lru-cache";
import type { Bytes } from "../../core/bytes.ts";
import { EdgeError } from "../../core/errors.ts";
import type { Size } from "../../core/geometry.ts";
import type { Warning } from "../../core/warnings.ts";
import type { RecordStore } from "../records/record_store.ts";

/** An embedding in the cache, as its safetensors file. */
export interface CachedEmbedding {
  bytes: Bytes;
  /** Digest of the model that made it. */
  model: string;
  image: Size;
  /** Doubts about the image's file; absent where there are none. */
  warnings?: Warning[] | undefined;
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
    async put(tenant, id, { bytes, model, image, warnings }) {
      const expiresAt = records.now() + lifetime;
      const record: EmbeddingRecord = {
        model,
        image,
        expiresAt,
        ...(warnings && { warnings }),
      };
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

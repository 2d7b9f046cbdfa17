import type { Bytes } from "../../core/bytes.ts";
import type { RecordStore } from "../records/record_store.ts";
import {
  type CachedEmbedding,
  embeddingAt,
  type EmbeddingStore,
} from "./embedding_store.ts";

/** Where entries lie in the cache: a host that cannot exist (RFC 2606), so that they shadow no real one. */
const ORIGIN = "https://embeddings.invalid/";
/** The header that holds all of an embedding but its bytes, as JSON. */
const EMBEDDING_HEADER = "x-embedding";

/**
 * An embedding store with the Web Cache API in front: what was read or written once on this host is read from its
 * cache. Embeddings never change, so no entry can be stale. One that was erased, on whatever host, is dropped, because
 * it can no longer be decrypted. A cache that fails is bypassed.
 *
 * @param records encrypts what the cache holds, as it encrypts what `store` holds.
 */
export function createCachedEmbeddings(
  cache: Pick<Cache, "match" | "put" | "delete">,
  store: EmbeddingStore,
  records: Pick<RecordStore, "hideNames" | "decrypt" | "encrypt" | "now">,
): EmbeddingStore {
  const remember = async (
    tenant: string,
    id: string,
    { bytes, ...rest }: CachedEmbedding,
  ) => {
    const seconds = Math.floor((rest.expiresAt - records.now()) / 1000);
    if (seconds <= 0) return;
    const key = embeddingAt(tenant, id);
    const encrypted = await records.encrypt(key, bytes);
    if (encrypted === null) return;
    const headers = {
      [EMBEDDING_HEADER]: JSON.stringify(rest),
      "cache-control": `max-age=${seconds}, immutable`,
    };
    const address = cacheAddress(await records.hideNames(key));
    await cache.put(address, new Response(encrypted, { headers }))
      .catch(() => {});
  };

  const recall = async (tenant: string, id: string) => {
    const key = embeddingAt(tenant, id);
    const address = cacheAddress(await records.hideNames(key));
    const hit = await cache.match(address).catch(() => undefined);
    if (hit === undefined) return null;
    const rest: Omit<CachedEmbedding, "bytes"> = JSON.parse(
      hit.headers.get(EMBEDDING_HEADER)!,
    );
    const encrypted: Bytes = await hit.bytes();
    if (rest.expiresAt > records.now()) {
      const bytes = await records.decrypt(key, encrypted);
      if (bytes !== null) return { ...rest, bytes };
    }
    await cache.delete(address).catch(() => false);
    return null;
  };

  return {
    async get(tenant, id) {
      const hit = await recall(tenant, id);
      if (hit !== null) return hit;
      const found = await store.get(tenant, id);
      if (found !== null) await remember(tenant, id, found);
      return found;
    },
    async put(tenant, id, embedding) {
      const { expiresAt } = await store.put(tenant, id, embedding);
      await remember(tenant, id, { ...embedding, expiresAt });
      return { expiresAt };
    },
  };
}

/** @param at where the embedding lies in the database, its names hidden. */
export function cacheAddress(at: Deno.KvKey): string {
  const path = at.slice(1).map((part) => encodeURIComponent(String(part)));
  return ORIGIN + path.join("/");
}

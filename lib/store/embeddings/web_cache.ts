import type { Bytes } from "../../core/bytes.ts";
import type {
  CachedEmbedding,
  EmbeddingStore,
} from "../profiles/profile_store.ts";
import { embeddingAt } from "./kv_embedding_store.ts";
import type { Vault } from "../records/record_store.ts";

/** Where entries live in the cache: a host that cannot exist (RFC 2606), so no real one is shadowed. */
const ORIGIN = "https://embeddings.invalid/";
const RECORD = "x-embedding";

type Record = Omit<CachedEmbedding, "bytes">;

/**
 * An embedding store with the Web Cache API in front: what was read or written once on this host is
 * read from its cache. Embeddings never change, so no entry can be stale; but one that was erased
 * anywhere is dropped, as the vault no longer opens it. A cache that fails is passed by.
 *
 * @param vault seals what the cache holds, as it seals what the store behind holds.
 */
export function createCachedEmbeddings(
  cache: Pick<Cache, "match" | "put" | "delete">,
  store: EmbeddingStore,
  vault: Pick<Vault, "hide" | "open" | "seal" | "now">,
): EmbeddingStore {
  const remember = async (
    tenant: string,
    id: string,
    { bytes, ...record }: CachedEmbedding,
  ) => {
    const seconds = Math.floor((record.expiresAt - vault.now()) / 1000);
    if (seconds <= 0) return;
    const key = embeddingAt(tenant, id);
    const sealed = await vault.seal(key, bytes);
    if (sealed === null) return;
    const headers = {
      [RECORD]: JSON.stringify(record),
      "cache-control": `max-age=${seconds}, immutable`,
    };
    const address = cacheAddress(await vault.hide(key));
    await cache.put(address, new Response(sealed, { headers }))
      .catch(() => {});
  };

  const recall = async (tenant: string, id: string) => {
    const key = embeddingAt(tenant, id);
    const address = cacheAddress(await vault.hide(key));
    const hit = await cache.match(address).catch(() => undefined);
    if (hit === undefined) return null;
    const record: Record = JSON.parse(hit.headers.get(RECORD)!);
    const sealed: Bytes = await hit.bytes();
    if (record.expiresAt > vault.now()) {
      const bytes = await vault.open(key, sealed);
      if (bytes !== null) return { ...record, bytes };
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

/** @param hidden where the vault keeps the embedding. */
export function cacheAddress(hidden: Deno.KvKey): string {
  return ORIGIN +
    hidden.slice(1).map((part) => encodeURIComponent(String(part)))
      .join("/");
}

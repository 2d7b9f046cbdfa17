import type { CachedEmbedding, EmbeddingStore } from "./types.ts";

/** Where entries live in the cache: a host that cannot exist (RFC 2606), so no real one is shadowed. */
const ORIGIN = "https://embeddings.invalid/";
const RECORD = "x-embedding";

type Record = Omit<CachedEmbedding, "bytes">;

/**
 * An embedding store with the Web Cache API in front: what was read or written once on this host is
 * read from its cache. Embeddings never change, so no entry can be stale; one that the store behind
 * may have forgotten is dropped at its time of expiry. A cache that fails is passed by.
 *
 * @param now milliseconds since 1970.
 */
export function createCachedEmbeddings(
  cache: Pick<Cache, "match" | "put" | "delete">,
  store: EmbeddingStore,
  now: () => number = Date.now,
): EmbeddingStore {
  const remember = async (
    address: string,
    { bytes, ...record }: CachedEmbedding,
  ) => {
    const seconds = Math.floor((record.expiresAt - now()) / 1000);
    if (seconds <= 0) return;
    const headers = {
      [RECORD]: JSON.stringify(record),
      "cache-control": `max-age=${seconds}, immutable`,
    };
    await cache.put(address, new Response(bytes, { headers }))
      .catch(() => {});
  };

  return {
    async get(tenant, id) {
      const address = addressOf(tenant, id);
      const hit = await cache.match(address).catch(() => undefined);
      if (hit !== undefined) {
        const record: Record = JSON.parse(hit.headers.get(RECORD)!);
        if (record.expiresAt > now()) {
          return { ...record, bytes: await hit.bytes() };
        }
        await hit.body?.cancel();
        await cache.delete(address).catch(() => false);
      }
      const found = await store.get(tenant, id);
      if (found !== null) await remember(address, found);
      return found;
    },
    async put(tenant, id, embedding) {
      const { expiresAt } = await store.put(tenant, id, embedding);
      await remember(addressOf(tenant, id), { ...embedding, expiresAt });
      return { expiresAt };
    },
  };
}

function addressOf(tenant: string, id: string): string {
  return `${ORIGIN}${encodeURIComponent(tenant)}/${id}`;
}

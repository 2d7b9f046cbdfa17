import { deepEqual, equal, notDeepEqual } from "node:assert/strict";
import {
  createEmbeddingStore,
  embeddingAt,
} from "../../../lib/store/embeddings/embedding_store.ts";
import {
  cacheAddress,
  createCachedEmbeddings,
} from "../../../lib/store/embeddings/web_cache_embedding_store.ts";
import { createPatientStore } from "../../../lib/store/patient_store.ts";
import { openRecords, operatorKey } from "../../support/operator_key.ts";
import { openStore } from "../../support/store.ts";

const id = "9f".repeat(32);
const image = { width: 2, height: 1 };
const file = { bytes: Uint8Array.of(1, 2, 3), model: "m", image };

for (const keys of [[], [operatorKey("k1")]]) {
  const how = keys.length === 0 ? "in the clear" : "encrypted";
  Deno.test(`the Web Cache answers for the store, ${how}, until the embedding expires or is erased`, async () => {
    const cache = await caches.open("embeddings-test");
    await using kv = await openStore();
    try {
      let time = 0;
      const records = await openRecords(kv, keys, { now: () => time });
      const behind = createEmbeddingStore(records, 10_000);
      let reads = 0;
      const store = createCachedEmbeddings(cache, {
        ...behind,
        get: (...args) => {
          reads++;
          return behind.get(...args);
        },
      }, records);
      equal(await store.get("t", id), null);
      await store.put("t", id, file);
      deepEqual(await store.get("t", id), { ...file, expiresAt: 10_000 });
      equal(reads, 1);
      equal(await store.get("u", id), null, "another tenant's");

      const at = cacheAddress(await records.hideNames(embeddingAt("t", id)));
      const held = await (await cache.match(at))!.bytes();
      if (keys.length === 0) deepEqual(held, file.bytes);
      else notDeepEqual(held, file.bytes);

      time = 10_001;
      equal(await store.get("t", id), null);
      await store.put("t", id, file);
      await createPatientStore(records, 1e6).link("t", "p", id, true);
      const elsewhere = await openRecords(kv, keys);
      equal(await elsewhere.erase("t", "p"), true);
      equal(await store.get("t", id), null, "another instance erased it");
    } finally {
      await caches.delete("embeddings-test");
    }
  });
}

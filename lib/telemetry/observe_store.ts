import type { EmbeddingStore } from "../store/embeddings/embedding_store.ts";
import type { Telemetry } from "./telemetry.ts";

/** The store, with its calls timed and traced and its failures counted. */
export function observeStore<T extends object>(
  store: T,
  name: string,
  { metrics, tracing }: Telemetry,
): T {
  const calls = Object.entries(store).map(([operation, call]) => [
    operation,
    (...args: unknown[]) =>
      tracing.span(`${name}.${operation}`, {}, async () => {
        const labels = { store: name, operation };
        const done = metrics.storage.startTimer(labels);
        try {
          return await call.apply(store, args);
        } catch (error) {
          metrics.storageErrors.inc(labels);
          throw error;
        } finally {
          done();
        }
      }),
  ]);
  return Object.fromEntries(calls);
}

/** The store of embeddings, with its hits and misses counted. */
export function observeCache(
  store: EmbeddingStore,
  { metrics }: Telemetry,
): EmbeddingStore {
  return {
    ...store,
    async get(...args) {
      const found = await store.get(...args);
      metrics.cache.inc({ outcome: found === null ? "miss" : "hit" });
      return found;
    },
  };
}

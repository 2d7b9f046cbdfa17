import { SpanKind, type TracerProvider } from "@opentelemetry/api";
import { type Engine, forwardingEngine } from "../engine/engine.ts";
import type { EmbeddingStore } from "../store/embeddings/embedding_store.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { traceHeaders, Tracing } from "./tracing.ts";

/** What the service reports to its operator. */
export interface Telemetry {
  metrics: Metrics;
  tracing: Tracing;
}

/** @param provider receives the spans; without one there are none. */
export function createTelemetry(provider?: TracerProvider): Telemetry {
  return { metrics: createMetrics(), tracing: new Tracing(provider) };
}

/** The engine, with its operations and the stages of its segmentations timed and traced. */
export function observeEngine(
  engine: Engine,
  { metrics, tracing }: Telemetry,
): Engine {
  const observe = (operation: string, work: () => Promise<unknown>) =>
    tracing.span(`engine.${operation}`, {}, async () => {
      const done = metrics.operations.startTimer({ operation });
      try {
        const result = await work();
        done({ outcome: "ok" });
        return result;
      } catch (error) {
        done({ outcome: "error" });
        throw error;
      }
    });
  const observed = forwardingEngine((operation, args) => {
    const call = engine[operation] as (...args: unknown[]) => Promise<unknown>;
    return observe(operation, () => call(...args));
  });
  return {
    ...observed,
    async segment(...args) {
      const result = await observed.segment(...args);
      for (const [stage, ms] of Object.entries(result.timings)) {
        metrics.stages.observe({ stage }, ms / 1000);
      }
      return result;
    },
  };
}

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

/** A `fetch` for encode hosts that is timed by host and status, and sends the trace's headers. */
export function observeFetch(
  ask: typeof fetch,
  { metrics, tracing }: Telemetry,
): typeof fetch {
  return (target, init) => {
    const { host } = new URL(target instanceof Request ? target.url : target);
    return tracing.span(
      "encode host",
      { "server.address": host },
      async (span) => {
        const done = metrics.encodeHosts.startTimer({ host });
        try {
          const headers = new Headers(init?.headers);
          for (const [name, value] of Object.entries(traceHeaders())) {
            headers.set(name, value);
          }
          const response = await ask(target, { ...init, headers });
          span.setAttribute("http.response.status_code", response.status);
          done({ outcome: `${response.status}` });
          return response;
        } catch (error) {
          done({ outcome: "lost" });
          throw error;
        }
      },
      { kind: SpanKind.CLIENT },
    );
  };
}

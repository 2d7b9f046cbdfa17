import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
} from "prom-client";

/** Seconds: from a cached answer to a large encoder. */
const BUCKETS = [.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60];

/** The service's metrics. Label values are names from the code or the configuration, never from a caller. */
export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
  ) => new Histogram({ name, help, labelNames, buckets: BUCKETS, registers });
  const counter = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
  ) => new Counter({ name, help, labelNames, registers });
  return {
    requests: histogram(
      "p2sam_http_request_seconds",
      "Requests, until their answer begins",
      ["method", "route", "status"],
    ),
    operations: histogram(
      "p2sam_engine_seconds",
      "Operations of the engine, their wait for a worker included",
      ["operation", "outcome"],
    ),
    stages: histogram(
      "p2sam_stage_seconds",
      "Stages of a segmentation",
      ["stage"],
    ),
    waits: histogram(
      "p2sam_queue_wait_seconds",
      "Waits of calls for a worker",
      [],
    ),
    replacements: counter(
      "p2sam_worker_replacements_total",
      "Workers that died or did not stop at a deadline",
      [],
    ),
    cache: counter(
      "p2sam_embedding_cache_reads_total",
      "Looks for an embedding in the cache",
      ["outcome"],
    ),
    storage: histogram(
      "p2sam_store_seconds",
      "Calls of the stores",
      ["store", "operation"],
    ),
    storageErrors: counter(
      "p2sam_store_errors_total",
      "Calls of the stores that failed",
      ["store", "operation"],
    ),
    encodeHosts: histogram(
      "p2sam_encode_host_seconds",
      "Exchanges with encode hosts",
      ["host", "outcome"],
    ),

    /** Adds gauges of the queue and its workers, which are read when the metrics are. */
    watchWorkers(state: () => { waiting: number; idle: number; busy: number }) {
      new Gauge({
        name: "p2sam_queue_waiting",
        help: "Calls that wait for a worker",
        registers,
        collect() {
          this.set(state().waiting);
        },
      });
      new Gauge({
        name: "p2sam_workers",
        help: "Living workers",
        labelNames: ["state"],
        registers,
        collect() {
          const { idle, busy } = state();
          this.set({ state: "idle" }, idle);
          this.set({ state: "busy" }, busy);
        },
      });
    },

    /** The text format of Prometheus, version 0.0.4, and its media type. */
    async write() {
      return { text: await registry.metrics(), type: registry.contentType };
    },
  };
}

import type { TracerProvider } from "@opentelemetry/api";
import { createMetrics, type Metrics } from "./metrics.ts";
import { Tracing } from "./tracing.ts";

/** What the service reports to its operator. */
export interface Telemetry {
  metrics: Metrics;
  tracing: Tracing;
}

/** @param provider receives the spans; without one there are none. */
export function createTelemetry(provider?: TracerProvider): Telemetry {
  return { metrics: createMetrics(), tracing: new Tracing(provider) };
}

import { context, propagation } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

/**
 * Exports spans to a collector (OTLP over HTTP, JSON). In this process, contexts then follow asynchronous work and
 * `traceparent` headers (W3C Trace Context).
 *
 * @param endpoint ends in a slash; `v1/traces` is added.
 */
export function createExporter(endpoint: URL): TracerProvider {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const exporter = new OTLPTraceExporter({
    url: new URL("v1/traces", endpoint).href,
  });
  return new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "p2sam-edge" }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
}

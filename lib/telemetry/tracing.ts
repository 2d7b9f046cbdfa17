import {
  type Attributes,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";

/**
 * Spans of the work (OpenTelemetry). Names and attributes come from the code: routes instead of paths, no query, no
 * error message, so that nothing of a patient gets into a trace. Deno's own instrumentation, which records whole
 * addresses, is not used.
 */
export class Tracing {
  readonly #tracer: Tracer;

  /** @param provider without one spans cost nothing. */
  constructor(provider: TracerProvider = trace.getTracerProvider()) {
    this.#tracer = provider.getTracer("p2sam-edge");
  }

  /** Runs work in a span, a child of the active one or of `parent`. */
  span<T>(
    name: string,
    attributes: Attributes,
    work: (span: Span) => Promise<T>,
    { kind = SpanKind.INTERNAL, parent = context.active() } = {},
  ): Promise<T> {
    return this.#tracer.startActiveSpan(
      name,
      { attributes, kind },
      parent,
      async (span) => {
        try {
          return await work(span);
        } catch (error) {
          span.setStatus({ code: SpanStatusCode.ERROR });
          span.setAttribute("error.type", typeOf(error));
          throw error;
        } finally {
          span.end();
        }
      },
    );
  }
}

/** The context that a request's `traceparent` names (W3C Trace Context), or the active one. */
export function contextOf(headers: Headers) {
  return propagation.extract(context.active(), headers, {
    get: (carrier, key) => carrier.get(key) ?? undefined,
    keys: (carrier) => [...carrier.keys()],
  });
}

/** The headers that pass the active span on to another process. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/** Id of the active trace, or undefined. */
export function traceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return "code" in error ? String(error.code) : error.name;
}

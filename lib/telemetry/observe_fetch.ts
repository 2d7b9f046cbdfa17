import { SpanKind } from "@opentelemetry/api";
import type { Telemetry } from "./telemetry.ts";
import { traceHeaders } from "./tracing.ts";

/** A `fetch` for encode hosts that is timed by host and status, and sends the trace's headers. */
export function observeFetch(
  ask: typeof fetch,
  { metrics, tracing }: Telemetry,
): typeof fetch {
  return (target, init) => {
    const { host } = new URL(target instanceof Request ? target.url : target);
    const kind = SpanKind.CLIENT;
    const attributes = { "server.address": host };
    return tracing.span("encode host", attributes, async (span) => {
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
    }, { kind });
  };
}

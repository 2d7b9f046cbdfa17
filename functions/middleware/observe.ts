import { SpanKind } from "@opentelemetry/api";
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { contextOf, traceId } from "../../lib/telemetry/tracing.ts";
import type { Services } from "../services.ts";
import type { Env } from "../router.ts";

/** A line of the log, for one request. It has the route and not the path, which holds the caller's ids. */
export interface RequestLine {
  /** ISO 8601, UTC. */
  time: string;
  level: "info" | "error";
  /** Value of `x-request-id`. */
  request: string;
  trace?: string;
  method: string;
  /** As in the OpenAPI document, or `none`. */
  route: string;
  status: number;
  /** Milliseconds until the answer began. */
  ms: number;
}

/** Routes that monitors call again and again. */
const PROBES = new Set(["/healthz", "/readyz", "/metrics"]);

/** Times, traces and logs every request; probes that succeed are not logged. */
export function observeRequests(
  { telemetry }: Pick<Services, "telemetry">,
  log?: (line: RequestLine) => void,
): MiddlewareHandler<Env> {
  return (c, next) => {
    const { metrics, tracing } = telemetry;
    return tracing.span(c.req.method, {}, async (span) => {
      const started = performance.now();
      await next();
      const ms = performance.now() - started;
      const { method } = c.req;
      const { status } = c.res;
      const route = routeOf(matchedRoutes(c).map(({ path }) => path));
      span.updateName(`${method} ${route}`);
      span.setAttributes({
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
      });
      const labels = { method: known(method), route, status };
      metrics.requests.observe(labels, ms / 1000);
      if (log === undefined || (PROBES.has(route) && status < 500)) return;
      const trace = traceId();
      log({
        time: new Date().toISOString(),
        level: status < 500 ? "info" : "error",
        request: c.get("requestId"),
        ...(trace !== undefined && { trace }),
        method: known(method),
        route,
        status,
        ms: Math.round(ms * 10) / 10,
      });
    }, { kind: SpanKind.SERVER, parent: contextOf(c.req.raw.headers) });
  };
}

/** The last matched path of a route; those of middleware end in a star. */
function routeOf(paths: string[]): string {
  const own = paths.findLast((path) => !path.endsWith("*"));
  return own?.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}") ?? "none";
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

/** A caller may invent any number of methods. */
function known(method: string): string {
  return METHODS.includes(method) ? method : "other";
}

import { createRoute, z } from "@hono/zod-openapi";
import { EdgeError } from "../../lib/core/errors.ts";
import { json } from "../contract/answers.ts";
import { problems } from "../contract/problems.ts";
import { createRouter, type Router } from "../router.ts";
import type { Services } from "../services.ts";

export const StatusDocument = z.object({
  status: z.string(),
  encode: z.enum(["available", "unavailable"]).optional(),
  archive: z.enum(["configured"]).optional().describe(
    "Present where the server opens an image archive; whether that answers is not known",
  ),
}).openapi("Status", { example: { status: "ok" } });

const live = createRoute({
  method: "get",
  path: "/healthz",
  operationId: "live",
  tags: ["service"],
  summary: "The process answers",
  responses: { 200: json(StatusDocument, "Alive"), ...problems() },
});

const ready = createRoute({
  method: "get",
  path: "/readyz",
  operationId: "ready",
  tags: ["service"],
  summary: "Requests can be served",
  responses: { 200: json(StatusDocument, "Ready"), ...problems(503) },
});

/** The health function: liveness, and readiness. */
export function healthFunction(services: Services): Router {
  return createRouter()
    .openapi(live, (c) => c.json({ status: "ok" }, 200))
    .openapi(ready, async (c) => {
      if (await services.ready()) {
        const archive = services.archive === undefined
          ? {}
          : { archive: "configured" as const };
        const hosts = encodeHosts(services);
        return c.json({ status: "ready", ...hosts, ...archive }, 200);
      }
      throw new EdgeError(
        "not-ready",
        "The store does not answer or the queue is full.",
      );
    });
}

/** Prompts and masks of cached embeddings need no encode host: its loss is reported, but not fatal. */
function encodeHosts({ encodeAvailable }: Services) {
  if (encodeAvailable === undefined) return {};
  return { encode: encodeAvailable() ? "available" : "unavailable" } as const;
}

const metrics = createRoute({
  method: "get",
  path: "/metrics",
  operationId: "readMetrics",
  tags: ["service"],
  summary: "Metrics for Prometheus",
  responses: {
    200: {
      description: "The text format of Prometheus, version 0.0.4",
      content: { "text/plain": { schema: z.string() } },
    },
    ...problems(),
  },
});

/** The metrics function: what the service counts and times. */
export function metricsFunction({ telemetry }: Services): Router {
  return createRouter().openapi(metrics, async (c) => {
    const { text, type } = await telemetry.metrics.write();
    return c.text(text, 200, { "content-type": type });
  });
}

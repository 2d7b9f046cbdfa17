import { createRoute, z } from "@hono/zod-openapi";
import { problems } from "../contract/problems.ts";
import { createRouter, type Router } from "../router.ts";
import type { Services } from "../services.ts";

const route = createRoute({
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
  return createRouter().openapi(route, async (c) => {
    const { text, type } = await telemetry.metrics.write();
    return c.text(text, 200, { "content-type": type });
  });
}

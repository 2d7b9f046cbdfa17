import { createRoute, z } from "@hono/zod-openapi";
import { createRouter, type Router } from "../router.ts";
import { problems } from "./segmentations/schema.ts";
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

export function metricsFunction(services: Services): Router {
  return createRouter().openapi(route, async (c) => {
    const { text, type } = await services.telemetry.metrics.write();
    return c.text(text, 200, { "content-type": type });
  });
}

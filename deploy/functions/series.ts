import { docsFunction } from "../../functions/resources/docs.ts";
import { healthFunction } from "../../functions/resources/health.ts";
import { metricsFunction } from "../../functions/resources/metrics.ts";
import { seriesFunction } from "../../functions/resources/series/handler.ts";
import { start } from "../start.ts";

/** The series function alone: many images → a line each. */
await start({
  functions: [seriesFunction, healthFunction, metricsFunction, docsFunction],
});

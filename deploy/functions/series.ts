import { docsFunction } from "../../functions/docs.ts";
import { healthFunction } from "../../functions/health.ts";
import { metricsFunction } from "../../functions/metrics.ts";
import { seriesFunction } from "../../functions/series.ts";
import { start } from "../start.ts";

/** The series function alone: many images → a line each. */
await start({
  functions: [seriesFunction, healthFunction, metricsFunction, docsFunction],
});

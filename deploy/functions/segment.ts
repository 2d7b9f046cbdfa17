import { docsFunction } from "../../functions/docs.ts";
import { healthFunction } from "../../functions/health.ts";
import { metricsFunction } from "../../functions/metrics.ts";
import { segmentFunction } from "../../functions/segment.ts";
import { start } from "../start.ts";

/** The segment function alone: the whole road from image to mask. */
await start({
  functions: [segmentFunction, healthFunction, metricsFunction, docsFunction],
});

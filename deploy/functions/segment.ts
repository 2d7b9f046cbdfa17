import { docsFunction } from "../../functions/resources/docs.ts";
import { healthFunction } from "../../functions/resources/health.ts";
import { metricsFunction } from "../../functions/resources/metrics.ts";
import { segmentFunction } from "../../functions/resources/segmentations/handler.ts";
import { start } from "../start.ts";

/** The segment function alone: the whole road from image to mask. */
await start({
  functions: [segmentFunction, healthFunction, metricsFunction, docsFunction],
});

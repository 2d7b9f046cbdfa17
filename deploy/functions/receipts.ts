import { docsFunction } from "../../functions/resources/docs.ts";
import { healthFunction } from "../../functions/resources/health.ts";
import { metricsFunction } from "../../functions/resources/metrics.ts";
import { receiptsFunction } from "../../functions/resources/receipts/handler.ts";
import { start } from "../start.ts";

/** The receipts function alone: a receipt and its input → the identical mask, or what changed. */
await start({
  functions: [receiptsFunction, healthFunction, metricsFunction, docsFunction],
});

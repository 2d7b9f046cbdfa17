import { docsFunction } from "../../functions/docs.ts";
import { healthFunction } from "../../functions/health.ts";
import { metricsFunction } from "../../functions/metrics.ts";
import { receiptsFunction } from "../../functions/receipts.ts";
import { start } from "../start.ts";

/** The receipts function alone: a receipt and its input → the identical mask, or what changed. */
await start({
  functions: [receiptsFunction, healthFunction, metricsFunction, docsFunction],
});

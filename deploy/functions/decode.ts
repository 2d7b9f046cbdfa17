import { docsFunction } from "../../functions/resources/docs.ts";
import { healthFunction } from "../../functions/resources/health.ts";
import { metricsFunction } from "../../functions/resources/metrics.ts";
import { decodeFunction } from "../../functions/resources/masks.ts";
import { start } from "../start.ts";

/** The decode function alone: embedding and a person's prompt → mask. */
await start({
  functions: [decodeFunction, healthFunction, metricsFunction, docsFunction],
  needs: { encoder: false, decoder: true, state: true },
});

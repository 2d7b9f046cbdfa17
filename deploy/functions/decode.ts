import { docsFunction } from "../../functions/docs.ts";
import { healthFunction } from "../../functions/health.ts";
import { metricsFunction } from "../../functions/metrics.ts";
import { decodeFunction } from "../../functions/decode.ts";
import { start } from "../start.ts";

/** The decode function alone: embedding and a person's prompt → mask. */
await start({
  functions: [decodeFunction, healthFunction, metricsFunction, docsFunction],
  needs: { encoder: false, decoder: true, state: true },
});

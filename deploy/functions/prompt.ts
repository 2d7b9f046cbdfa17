import { docsFunction } from "../../functions/resources/docs.ts";
import { healthFunction } from "../../functions/resources/health.ts";
import { metricsFunction } from "../../functions/resources/metrics.ts";
import { promptFunction } from "../../functions/resources/prompts.ts";
import { start } from "../start.ts";

/** The prompt function alone: embedding and profile → points; it loads no ONNX session. */
await start({
  functions: [promptFunction, healthFunction, metricsFunction, docsFunction],
  needs: { encoder: false, decoder: false, state: true },
});

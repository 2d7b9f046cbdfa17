import { docsFunction } from "../../functions/docs.ts";
import { healthFunction } from "../../functions/health.ts";
import { metricsFunction } from "../../functions/metrics.ts";
import { promptFunction } from "../../functions/prompt.ts";
import { start } from "../start.ts";

/** The prompt function alone: embedding and profile → points; it loads no ONNX session. */
await start({
  functions: [promptFunction, healthFunction, metricsFunction, docsFunction],
  needs: { encoder: false, decoder: false, state: true },
});

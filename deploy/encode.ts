import { docsFunction } from "../functions/resources/docs.ts";
import { encodeFunction } from "../functions/resources/embeddings.ts";
import { healthFunction } from "../functions/resources/health.ts";
import { metricsFunction } from "../functions/resources/metrics.ts";
import { modelsFunction } from "../functions/resources/models.ts";
import { start } from "./start.ts";

/** An encode host: image → embedding, with no state but a cache in memory. */
await start({
  functions: [
    encodeFunction,
    modelsFunction,
    healthFunction,
    metricsFunction,
    docsFunction,
  ],
  needs: { encoder: true, decoder: false, state: false },
  refuse: ({ ENCODE_URL }) =>
    ENCODE_URL !== undefined
      ? "ENCODE_URL is for the edge: an encode host encodes itself."
      : undefined,
  hostSecret: ({ ENCODE_TOKEN }) => ENCODE_TOKEN,
});

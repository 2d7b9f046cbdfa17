import { docsFunction } from "../../functions/docs.ts";
import { healthFunction } from "../../functions/health.ts";
import { metricsFunction } from "../../functions/metrics.ts";
import { referencesFunction } from "../../functions/references.ts";
import { start } from "../start.ts";

/** The references function alone: enrolment, and what is stored of a patient. */
await start({
  functions: [
    referencesFunction,
    healthFunction,
    metricsFunction,
    docsFunction,
  ],
});

import { docsFunction } from "../../functions/resources/docs.ts";
import { healthFunction } from "../../functions/resources/health.ts";
import { metricsFunction } from "../../functions/resources/metrics.ts";
import { referencesFunction } from "../../functions/resources/references/handler.ts";
import { revisionsFunction } from "../../functions/resources/revisions.ts";
import { start } from "../start.ts";

/** The references function alone: enrolment, what is stored of a patient, and how it came about. */
await start({
  functions: [
    referencesFunction,
    revisionsFunction,
    healthFunction,
    metricsFunction,
    docsFunction,
  ],
});

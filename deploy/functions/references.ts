import { docsFunction } from "../../functions/docs.ts";
import { healthFunction } from "../../functions/health.ts";
import { metricsFunction } from "../../functions/metrics.ts";
import { referencesFunction } from "../../functions/references.ts";
import { revisionsFunction } from "../../functions/revisions.ts";
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

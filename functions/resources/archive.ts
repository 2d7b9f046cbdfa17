import { hasControlCharacter } from "../../lib/core/control_characters.ts";
import { createRoute, z } from "@hono/zod-openapi";
import { SeriesOfArchive, Uid } from "../contract/archive.ts";
import { json } from "../contract/answers.ts";
import { problems } from "../contract/problems.ts";
import { archiveOf } from "../middleware/archive.ts";
import { createRouter, type Router, workOf } from "../router.ts";
import type { Services } from "../services.ts";

/** Text that an archive searches for as it is: it has no wildcard and no list (PS3.4 §C.2.2.2). */
const PatientId = z.string().min(1).max(64).refine(
  (text) => !/[*?\\]/.test(text) && !hasControlCharacter(text),
  "must have no wildcard, backslash or control character",
).openapi({
  type: "string",
  minLength: 1,
  maxLength: 64,
  description: "Patient ID in the archive, to the letter",
});

const ArchivedSeriesDocument = z.object({
  study: Uid,
  series: Uid,
  modality: z.string().describe("CT, MR, SEG, RTSTRUCT, …"),
  description: z.string(),
  studyDescription: z.string(),
  studyDate: z.string().describe("YYYYMMDD"),
  number: z.string(),
  instances: z.int().nullable().describe(
    "Objects of the series; null where the archive does not say",
  ),
}).openapi("ArchivedSeries", {
  description: "Texts are the archive's, and empty where it states none",
  example: {
    study: "2.25.78",
    series: "2.25.79",
    modality: "CT",
    description: "Abdomen 1 mm",
    studyDescription: "CT abdomen",
    studyDate: "20261117",
    number: "2",
    instances: 184,
  },
});

const ArchivedInstanceDocument = z.object({
  instance: Uid,
  frames: z.int().min(1),
}).openapi("ArchivedInstance");

const findSeries = createRoute({
  method: "post",
  path: "/v1/archive/series",
  operationId: "findArchivedSeries",
  tags: ["archive"],
  summary: "The series of a patient in the image archive",
  description:
    "Asked for by POST, since addresses are written into logs. Nothing is stored.",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({ patientId: PatientId }),
        },
      },
    },
  },
  responses: {
    200: json(
      z.object({
        series: z.array(ArchivedSeriesDocument),
        complete: z.boolean().describe(
          "False where the patient has more than is listed: 100 studies, 100 series of a study",
        ),
      }).openapi("ArchivedSeriesList"),
      "The series; none of a patient whom the archive does not have",
    ),
    ...problems(400, 404, 413, 415, 422, 502, 503),
  },
});

const listInstances = createRoute({
  method: "post",
  path: "/v1/archive/instances",
  operationId: "listArchivedInstances",
  tags: ["archive"],
  summary: "The objects of a series in the image archive, in slice order",
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: SeriesOfArchive } },
    },
  },
  responses: {
    200: json(
      z.object({ instances: z.array(ArchivedInstanceDocument) })
        .openapi("ArchivedInstanceList"),
      "The objects, by their place along the normal of their planes",
    ),
    ...problems(400, 404, 413, 415, 422, 502, 503),
  },
});

/** The archive function: what the hospital's image archive has of a patient. */
export function archiveFunction(services: Services): Router {
  return createRouter()
    .openapi(findSeries, async (c) => {
      const { patientId } = c.req.valid("json");
      const archive = archiveOf(services, c);
      const { signal } = workOf(c);
      return c.json(await archive.findSeries(patientId, signal), 200);
    })
    .openapi(listInstances, async (c) => {
      const archive = archiveOf(services, c);
      const { signal } = workOf(c);
      const found = await archive.listInstances(c.req.valid("json"), signal);
      const instances = found.map(({ instance, frames }) => ({
        instance,
        frames,
      }));
      return c.json({ instances }, 200);
    });
}

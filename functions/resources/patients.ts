import { createRoute, z } from "@hono/zod-openapi";
import { EdgeError } from "../../lib/core/errors.ts";
import { json } from "../contract/answers.ts";
import { PatientParams } from "../contract/parameters.ts";
import { problems } from "../contract/problems.ts";
import { callerOf, createRouter, type Router } from "../router.ts";
import type { Services } from "../services.ts";
import {
  describeReference,
  DriftDocument,
  REFERENCE,
  ReferenceDocument,
  revision,
} from "./references/schema.ts";

const path = "/v1/patients/{patient}";

export const PatientDocument = z.object({
  patient: z.string(),
  references: z.array(ReferenceDocument),
  labels: z.array(
    z.object({
      label: z.string(),
      revision,
      references: z.int().describe("How many there are"),
      drift: DriftDocument.nullable().describe(
        "The largest of the accepted references; null where there is none",
      ),
    }).openapi("LabelState"),
  ),
  waiting: z.array(
    z.object({
      reference: z.string(),
      label: z.string(),
      model: z.string().describe("Digest of the model that made it"),
      modelId: z.string().nullable().describe(
        "Null for references enrolled before it was kept, by a model that is not served",
      ),
      needs: z.enum(["image", "image and annotation"]),
    }).openapi("WaitingReference"),
  ).describe(
    "References that another model than the default one made, and what enrols them anew; their own model finds them " +
      "while it is served",
  ),
}).openapi("Patient", {
  example: {
    patient: "p-17",
    references: [REFERENCE],
    labels: [{ label: "target", revision: 1, references: 1, drift: null }],
    waiting: [],
  },
});

const get = createRoute({
  method: "get",
  path,
  operationId: "readPatient",
  tags: ["patients"],
  summary: "A patient's references, and the state of every label",
  request: { params: PatientParams },
  responses: {
    200: json(PatientDocument, "The patient"),
    ...problems(404, 422),
  },
});

const remove = createRoute({
  method: "delete",
  path,
  operationId: "erasePatient",
  tags: ["patients"],
  summary: "Erase a patient",
  request: { params: PatientParams },
  responses: { 204: { description: "Erased" }, ...problems(404, 422) },
});

/** The patients function: everything that is stored of a patient. */
export function patientsFunction(
  { profiles, patients, models }: Services,
): Router {
  return createRouter()
    .openapi(get, async (c) => {
      const { patient } = c.req.valid("param");
      const kept = await profiles.revisions(callerOf(c).tenant, patient);
      if (kept === null) throw missing(patient);
      // The newest revision of a label, which is in use, comes first.
      const newest = [...kept].flatMap(([label, [revision]]) =>
        revision === undefined ? [] : [{ label, ...revision }]
      );
      const references = newest.flatMap(({ references }) => references)
        .sort((a, b) => a.reference < b.reference ? -1 : 1);
      const labels = newest.map(({ label, revision, references }) => ({
        label,
        revision,
        references: references.length,
        drift: references.flatMap(({ drift }) => drift ?? [])
          .sort((a, b) => b.value - a.value).at(0) ?? null,
      }));
      const current = models.default.manifest.digest;
      const waiting = references.filter(({ model }) => model !== current)
        .map(({ reference, label, model, modelId, annotationKept }) => ({
          reference,
          label,
          model,
          modelId: modelId ?? models.idOf(model),
          needs: annotationKept
            ? "image" as const
            : "image and annotation" as const,
        }));
      return c.json(
        {
          patient,
          references: references.map(describeReference),
          labels,
          waiting,
        },
        200,
      );
    })
    .openapi(remove, async (c) => {
      const { patient } = c.req.valid("param");
      if (!await patients.erase(callerOf(c).tenant, patient)) {
        throw missing(patient);
      }
      return c.body(null, 204);
    });
}

function missing(patient: string): EdgeError {
  return new EdgeError("not-found", `There is no patient "${patient}".`);
}

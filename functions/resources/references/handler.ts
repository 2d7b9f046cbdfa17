import { createRoute, z } from "@hono/zod-openapi";
import { examine } from "../../../lib/engine/self_tests.ts";
import type { Annotation } from "../../../lib/engine/engine.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import type { Reference } from "../../../lib/store/types.ts";
import {
  fileOf,
  parseJson,
  readForm,
  requireOne,
  textOf,
} from "../../body/form.ts";
import { callerOf, workOf } from "../../middleware/work.ts";
import { requireInBounds } from "../../body/bounds.ts";
import { createRouter, invalid, type Router } from "../../router.ts";
import {
  binary,
  EmbeddingId,
  FrameNumber,
  json,
  Label,
  ModelQuery,
  PatientParams,
  problems,
  Prompts,
  ReferenceDocument,
  ReferenceParams,
} from "../segmentations/schema.ts";
import { describeReference } from "../../contract/reference.ts";
import { Accepted } from "../../contract/accepted.ts";
import { EnrolledDocument, PatientDocument } from "../../contract/revisions.ts";
import { driftOf, worst } from "../../patients/measure_drift.ts";
import { keepFor } from "../../patients/keep_embedding.ts";
import { requireReferenceQuota } from "../../patients/reference_quota.ts";
import type { Services } from "../../services.ts";

const referencePath = "/v1/patients/{patient}/references/{reference}";
const patientPath = "/v1/patients/{patient}";

const put = createRoute({
  method: "put",
  path: referencePath,
  operationId: "enrolReference",
  tags: ["references"],
  summary: "Enrol an annotated image as a reference",
  request: {
    params: ReferenceParams,
    query: ModelQuery,
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          schema: {
            type: "object",
            properties: {
              image: {
                ...binary.schema,
                description: "The image; or give `embedding`",
              },
              embedding: {
                type: "string",
                description: "Id of a cached embedding",
              },
              mask: {
                ...binary.schema,
                description:
                  "Non-zero is the structure; of a DICOM segmentation, the frame that refers to the image; or give `prompts`",
              },
              prompts: {
                type: "string",
                description: "JSON by the schema Prompts",
                contentMediaType: "application/json",
                contentSchema: { $ref: "#/components/schemas/Prompts" },
              } as never,
              label: { type: "string", default: "target" },
              position: { type: "number", minimum: 0, maximum: 1 },
              frame: {
                type: "integer",
                minimum: 0,
                description:
                  "Frame of a DICOM image or slice of a NIfTI volume, from 0; of the mask too, where it is a volume",
              },
              segment: {
                type: "integer",
                minimum: 1,
                description:
                  "Number of the segment, where the mask is a DICOM segmentation of several",
              },
              accepted: {
                type: "string",
                description:
                  "JSON by the schema Accepted: the mask is a result that somebody accepted, perhaps after a correction",
                contentMediaType: "application/json",
                contentSchema: { $ref: "#/components/schemas/Accepted" },
              } as never,
            },
          },
        },
      },
    },
  },
  responses: {
    200: json(EnrolledDocument, "It replaced one"),
    201: json(EnrolledDocument, "It is new"),
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
});

const get = createRoute({
  method: "get",
  path: referencePath,
  operationId: "readReference",
  tags: ["references"],
  summary: "A reference",
  request: { params: ReferenceParams },
  responses: {
    200: json(ReferenceDocument, "The reference"),
    ...problems(404, 422),
  },
});

const remove = createRoute({
  method: "delete",
  path: referencePath,
  operationId: "eraseReference",
  tags: ["references"],
  summary: "Take a reference out; the revisions before keep it",
  request: { params: ReferenceParams },
  responses: { 204: { description: "Taken out" }, ...problems(404, 422) },
});

const getPatient = createRoute({
  method: "get",
  path: patientPath,
  operationId: "readPatient",
  tags: ["patients"],
  summary: "A patient's references, and the state of every label",
  request: { params: PatientParams },
  responses: {
    200: json(PatientDocument, "The patient"),
    ...problems(404, 422),
  },
});

const removePatient = createRoute({
  method: "delete",
  path: patientPath,
  operationId: "erasePatient",
  tags: ["patients"],
  summary: "Erase a patient",
  request: { params: PatientParams },
  responses: { 204: { description: "Erased" }, ...problems(404, 422) },
});

const Fields = z.object({
  embedding: EmbeddingId.optional(),
  label: Label.default("target"),
  position: z.string().regex(
    /^(0(\.\d+)?|1(\.0+)?)$/,
    "must be a number from 0 to 1",
  )
    .transform(Number).nullable().default(null),
  frame: FrameNumber,
  segment: z.string().regex(/^[1-9]\d{0,4}$/, "must be a whole number from 1")
    .transform(Number).optional(),
});
const FIELDS = [
  "image",
  "embedding",
  "mask",
  "prompts",
  "label",
  "position",
  "frame",
  "segment",
  "accepted",
];

/** The references function: enrolment, and what is stored of a patient. */
export function referencesFunction(services: Services): Router {
  const { models, profiles, patients, selfTestBudget, now } = services;
  const missing = (what: string) =>
    new EdgeError("not-found", `There is no ${what}.`);
  const missingReference = (
    { patient, reference }: z.infer<typeof ReferenceParams>,
  ) => missing(`reference "${reference}" of patient "${patient}"`);

  const router = createRouter();
  router.openAPIRegistry.register("Prompts", Prompts);
  router.openAPIRegistry.register("Accepted", Accepted);
  return router
    .openapi(put, async (c) => {
      const { patient, reference } = c.req.valid("param");
      const model = models.choose(c.req.valid("query").model);
      const { embedder, manifest } = model;
      const { tenant } = callerOf(c);
      await requireReferenceQuota(services, tenant, patient, [reference]);
      const { image, mask, prompts, accepted: acceptance, ...texts } =
        await readForm(c, FIELDS);
      const work = workOf(c);
      const parsed = Fields.safeParse(texts);
      if (!parsed.success) throw invalid("body", parsed.error.issues);
      const { embedding: id, label, position, frame, segment } = parsed.data;
      requireOne("image", image, "embedding", id);
      requireOne("mask", mask, "prompts", prompts);

      const prompt = prompts === undefined
        ? null
        : parseJson(textOf(prompts), Prompts, "body.prompts");
      const accepted = acceptance === undefined
        ? undefined
        : parseJson(textOf(acceptance), Accepted, "body.accepted");
      const picture = id === undefined
        ? { ...fileOf(image, "image"), frame }
        : undefined;
      const made = picture !== undefined
        ? await embedder.embed(work, picture)
        : await models.recall(tenant, model, id!);
      if (prompt !== null) requireInBounds(prompt, made.image, "body.prompts");
      const annotation: Annotation = prompt === null
        ? { file: fileOf(mask, "mask"), image: picture, segment }
        : { prompt };
      const engine = model.engineFor(work);
      const enrolled = await engine.enrol(made.bytes, annotation);
      const { profile, report } = await examine(
        engine,
        { embedding: made.bytes, enrolled, image: picture },
        { budget: selfTestBudget },
      );

      const whose = { tenant, patient, enrols: true };
      await keepFor(services, embedder, whose, made);
      const record: Reference = {
        patient,
        reference,
        label,
        position,
        model: manifest.digest,
        image: made.image,
        patches: enrolled.patches,
        report,
        createdAt: new Date(now()).toISOString(),
        ...(accepted && { accepted }),
      };
      const drift = accepted &&
        await driftOf(services, model, work, record, profile);
      if (drift) record.drift = drift;
      const { replaced, revision } = await profiles.put(tenant, {
        reference: record,
        profile,
      });
      return c.json(
        { ...describeReference(record), revision },
        replaced ? 200 : 201,
      );
    })
    .openapi(get, async (c) => {
      const params = c.req.valid("param");
      const found = await profiles.find(
        callerOf(c).tenant,
        params.patient,
        params.reference,
      );
      if (found === null) throw missingReference(params);
      return c.json(describeReference(found), 200);
    })
    .openapi(remove, async (c) => {
      const params = c.req.valid("param");
      const { tenant } = callerOf(c);
      const { patient, reference } = params;
      if (!await profiles.delete(tenant, patient, reference)) {
        throw missingReference(params);
      }
      return c.body(null, 204);
    })
    .openapi(getPatient, async (c) => {
      const { patient } = c.req.valid("param");
      const { tenant } = callerOf(c);
      const kept = await profiles.revisions(tenant, patient);
      if (kept === null) throw missing(`patient "${patient}"`);
      const references = [...kept.values()]
        .flatMap(([{ references }]) => references)
        .sort((a, b) => a.reference < b.reference ? -1 : 1);
      const labels = Array.from(
        kept,
        ([label, [{ revision, references }]]) => ({
          label,
          revision,
          references: references.length,
          drift: worst(references.flatMap(({ drift }) => drift ?? [])),
        }),
      );
      return c.json(
        { patient, references: references.map(describeReference), labels },
        200,
      );
    })
    .openapi(removePatient, async (c) => {
      const { patient } = c.req.valid("param");
      const { tenant } = callerOf(c);
      if (!await patients.erase(tenant, patient)) {
        throw missing(`patient "${patient}"`);
      }
      return c.body(null, 204);
    });
}

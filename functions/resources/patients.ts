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
      drift: z.union([DriftDocument, z.null()]).describe(
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

const PatientsQuery = z.strictObject({
  prefix: z.string().regex(
    /^[A-Za-z0-9._~-]{0,128}$/,
    "must be at most 128 letters, digits, or . _ ~ -",
  ).default("").describe("How the patients' names begin"),
  limit: z.string().regex(/^([1-9]|[1-9]\d|1\d\d|200)$/, "must be 1 to 200")
    .transform(Number).default(50)
    .openapi({ type: "integer", minimum: 1, maximum: 200, default: 50 }),
  cursor: z.base64url("must be the cursor of a page").max(256)
    .transform((cursor, context) => {
      const place = readCursor(cursor);
      if (place !== null) return place;
      context.addIssue({ code: "custom", message: "is no cursor of a page" });
      return z.NEVER;
    }).optional()
    .openapi({ type: "string", description: "Of the page before" }),
});

/** Where the page before ended; null for what `writeCursor` did not write. */
function readCursor(cursor: string): string | null {
  try {
    const bytes = Uint8Array.fromBase64(cursor, { alphabet: "base64url" });
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return /^[\x21-\x7e]+$/.test(text) ? text : null;
  } catch {
    return null;
  }
}

const writeCursor = (place: string) =>
  new TextEncoder().encode(place)
    .toBase64({ alphabet: "base64url", omitPadding: true });

export const PatientsDocument = z.object({
  patients: z.array(z.string()),
  cursor: z.string().nullable().describe(
    "Gives the next page; null on the last",
  ),
}).openapi("PatientPage", {
  example: { patients: ["p-17", "p-18"], cursor: null },
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

const list = createRoute({
  method: "get",
  path: "/v1/patients",
  operationId: "listPatients",
  tags: ["patients"],
  summary: "The patients that have references, page by page",
  description:
    "In order of name; where the store is encrypted, names are hidden from it, and the order is one that says nothing. " +
    "A page may then hold fewer patients than `limit`, or none, before the last: go on while `cursor` is not null.",
  request: { query: PatientsQuery },
  responses: {
    200: json(PatientsDocument, "A page of patients"),
    ...problems(422),
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
    .openapi(list, async (c) => {
      const { prefix, limit, cursor } = c.req.valid("query");
      const { names, end } = await profiles.page(callerOf(c).tenant, {
        prefix,
        limit,
        after: cursor ?? null,
      });
      const next = end === null ? null : writeCursor(end);
      return c.json({ patients: names, cursor: next }, 200);
    })
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

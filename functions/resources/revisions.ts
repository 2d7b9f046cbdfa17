import { createRoute, z } from "@hono/zod-openapi";
import { EdgeError } from "../../lib/core/errors.ts";
import type { Revision } from "../../lib/store/profiles/reference.ts";
import { json } from "../contract/answers.ts";
import {
  Label,
  PatientParams,
  RevisionNumber,
} from "../contract/parameters.ts";
import { problems } from "../contract/problems.ts";
import { callerOf, createRouter, type Router } from "../router.ts";
import type { Services } from "../services.ts";
import {
  describeReference,
  ReferenceDocument,
  revision,
} from "./references/schema.ts";

const LabelParams = PatientParams.extend({
  label: Label.openapi({
    param: { name: "label", in: "path" },
    type: "string",
    example: "target",
  }),
});
const RevisionParams = LabelParams.extend({
  revision: RevisionNumber.openapi({
    param: { name: "revision", in: "path" },
    type: "integer",
    example: 1,
  }),
});

const RevisionDocument = z.object({
  revision,
  change: z.enum(["enrolled", "replaced", "accepted", "deleted", "restored"]),
  reference: z.string().nullable().describe(
    "The one that was changed; null where all were",
  ),
  restored: z.int().nullable().describe("The revision that was restored"),
  at: z.iso.datetime(),
  references: z.array(ReferenceDocument),
}).openapi("Revision");

const RevisionsDocument = z.object({
  patient: z.string(),
  label: z.string(),
  revisions: z.array(RevisionDocument).describe(
    "Those that are kept, newest first; the first is in use",
  ),
}).openapi("Revisions");

const path = "/v1/patients/{patient}/labels/{label}/revisions";

const list = createRoute({
  method: "get",
  path,
  operationId: "listRevisions",
  tags: ["references"],
  summary: "The history of a label's references",
  request: { params: LabelParams },
  responses: {
    200: json(RevisionsDocument, "The revisions that are kept, newest first"),
    ...problems(404, 422),
  },
});

const restore = createRoute({
  method: "post",
  path: `${path}/{revision}/restore`,
  operationId: "restoreRevision",
  tags: ["references"],
  summary: "Bring the references of a label back to an earlier revision",
  description: "It becomes a new revision; none is lost.",
  request: { params: RevisionParams },
  responses: {
    200: json(RevisionDocument, "The new revision"),
    ...problems(404, 409, 422),
  },
});

/** The revisions function: the history of a label's references, and the way back. */
export function revisionsFunction({ profiles }: Services): Router {
  return createRouter()
    .openapi(list, async (c) => {
      const { patient, label } = c.req.valid("param");
      const kept = await profiles.revisions(callerOf(c).tenant, patient);
      const revisions = kept?.get(label)?.map(describeRevision);
      if (revisions === undefined) throw missing(patient, label);
      return c.json({ patient, label, revisions }, 200);
    })
    .openapi(restore, async (c) => {
      const { patient, label, revision } = c.req.valid("param");
      const { tenant } = callerOf(c);
      const made = await profiles.restore(tenant, patient, label, revision);
      if (made === null) throw missing(patient, label, revision);
      return c.json(describeRevision(made), 200);
    });
}

function describeRevision(revision: Revision) {
  const references = revision.references.map(describeReference);
  return { ...revision, references };
}

function missing(patient: string, label: string, revision?: number): EdgeError {
  const what = revision === undefined
    ? `label "${label}"`
    : `revision ${revision} of label "${label}"; old revisions are dropped`;
  return new EdgeError("not-found", `Patient "${patient}" has no ${what}.`);
}

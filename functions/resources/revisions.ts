import { createRoute } from "@hono/zod-openapi";
import { EdgeError } from "../../lib/core/errors.ts";
import type { Revision } from "../../lib/store/types.ts";
import { callerOf } from "../middleware/work.ts";
import { describeReference } from "../contract/reference.ts";
import {
  LabelParams,
  RevisionDocument,
  RevisionParams,
  RevisionsDocument,
} from "../contract/revisions.ts";
import { createRouter, type Router } from "../router.ts";
import { json, problems } from "./segmentations/schema.ts";
import type { Services } from "../services.ts";

const path = "/v1/patients/{patient}/labels/{label}/revisions";

const list = createRoute({
  method: "get",
  path,
  operationId: "listRevisions",
  tags: ["references"],
  summary: "How the references of a label came about",
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

/** The revisions function: how a label's references came about, and the way back. */
export function revisionsFunction({ profiles }: Services): Router {
  return createRouter()
    .openapi(list, async (c) => {
      const { patient, label } = c.req.valid("param");
      const kept = await profiles.revisions(callerOf(c).tenant, patient);
      const revisions = kept?.get(label);
      if (revisions === undefined) throw missing(patient, label);
      const told = revisions.map(describeRevision);
      return c.json({ patient, label, revisions: told }, 200);
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
  const which = revision === undefined ? "" : ` revision ${revision} of`;
  return new EdgeError(
    "not-found",
    `Patient "${patient}" has no${which} label "${label}" (any more).`,
  );
}

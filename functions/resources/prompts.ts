import { createRoute } from "@hono/zod-openapi";
import { RECIPES } from "../../lib/pipeline/recipe.ts";
import { workOf } from "../middleware/work.ts";
import { createRouter, type Router } from "../router.ts";
import {
  json,
  ModelQuery,
  PatientParams,
  problems,
  PromptsDocument,
  PromptsRequest,
} from "./segmentations/schema.ts";
import { keepFor } from "../patients/keep_embedding.ts";
import { profilesOf } from "../patients/find_profile.ts";
import type { Services } from "../services.ts";

const propose = createRoute({
  method: "post",
  path: "/v1/patients/{patient}/prompts",
  operationId: "proposePrompts",
  tags: ["patients"],
  summary: "The points that the patient's profile proposes for an image",
  request: {
    params: PatientParams,
    query: ModelQuery,
    body: {
      content: { "application/json": { schema: PromptsRequest } },
      required: true,
    },
  },
  responses: {
    200: json(PromptsDocument, "Points of every candidate"),
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
});

/** The prompt function: embedding and profile → points. */
export function promptFunction(services: Services): Router {
  return createRouter().openapi(propose, async (c) => {
    const { patient } = c.req.valid("param");
    const { embedding: id, label, recipe: name } = c.req.valid("json");
    const recipe = RECIPES[name];
    const model = services.models.choose(c.req.valid("query").model);
    const work = workOf(c);
    const { tenant } = work;
    const { enrolled } = await profilesOf(services, model, {
      tenant,
      patient,
      label,
    });
    const cached = await services.models.recall(tenant, model, id);
    const { bytes } = cached;
    await keepFor(services, model.embedder, { tenant, patient }, cached);
    const engine = model.engineFor(work);
    const candidates = [];
    for (const { reference: { reference }, profile } of enrolled) {
      const proposed = await engine.propose(bytes, profile, recipe);
      for (const candidate of proposed) {
        candidates.push({ ...candidate, reference });
      }
    }
    return c.json({ patient, label, candidates }, 200);
  });
}

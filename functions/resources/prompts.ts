import { createRoute, z } from "@hono/zod-openapi";
import { recipeOf } from "../../lib/engine/catalogue.ts";
import { RECIPES } from "../../lib/pipeline/recipe.ts";
import { json } from "../contract/answers.ts";
import {
  EmbeddingId,
  LabelOrTarget,
  ModelQuery,
  PatientParams,
  Recipe,
} from "../contract/parameters.ts";
import { candidateFields, POINTS } from "../contract/points.ts";
import { problems } from "../contract/problems.ts";
import { createRouter, type Router, workOf } from "../router.ts";
import { findProfile } from "../patients/find_profile.ts";
import { keepEmbedding } from "../patients/keep_embedding.ts";
import type { Services } from "../services.ts";

export const PromptsRequest = z.strictObject({
  embedding: EmbeddingId,
  label: LabelOrTarget,
  recipe: Recipe,
}).openapi("PromptsRequest");

export const PromptsDocument = z.object({
  patient: z.string(),
  label: z.string(),
  candidates: z.array(
    z.object({ ...candidateFields, reference: z.string() })
      .openapi("CandidatePrompt"),
  ),
}).openapi("CandidatePrompts", {
  example: {
    patient: "p-17",
    label: "target",
    candidates: [{
      parts: 1,
      negatives: 1,
      points: POINTS,
      reference: "visit-1",
    }],
  },
});

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
    const { embedding: id, label, ...asked } = c.req.valid("json");
    const model = services.models.choose(c.req.valid("query").model);
    const recipe = recipeOf(model, asked.recipe);
    const work = workOf(c);
    const whose = { tenant: work.tenant, patient, label };
    const { enrolled } = await findProfile(services, model, whose);
    const cached = await services.models.recall(work.tenant, model, id);
    await keepEmbedding(services, model.embedder, whose, cached);
    const engine = model.engineFor(work);
    const candidates = [];
    for (const { reference: { reference }, profile } of enrolled) {
      const { bytes } = cached;
      const proposed = await engine.propose(bytes, profile, RECIPES[recipe]);
      candidates.push(...proposed.map((one) => ({ ...one, reference })));
    }
    return c.json({ patient, label, candidates }, 200);
  });
}

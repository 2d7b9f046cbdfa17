import { createRoute, z } from "@hono/zod-openapi";
import { json, MODEL } from "../contract/answers.ts";
import { problems } from "../contract/problems.ts";
import { createRouter, type Router } from "../router.ts";
import type { Services } from "../services.ts";

export const ModelsDocument = z.object({
  models: z.array(
    z.object({
      id: z.string(),
      digest: z.string(),
      family: z.string(),
      licence: z.string(),
      source: z.string(),
      trainedOn: z.array(z.string()),
      default: z.boolean(),
    }).openapi("Model"),
  ),
}).openapi("Models", {
  example: {
    models: [{
      ...MODEL,
      family: "nano",
      licence: "MIT",
      source: "models/nano",
      trainedOn: ["generated images"],
      default: true,
    }],
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/models",
  operationId: "listModels",
  tags: ["service"],
  summary: "The models served",
  responses: { 200: json(ModelsDocument, "The models"), ...problems() },
});

/** The models function: the models that a request can choose. */
export function modelsFunction({ models }: Services): Router {
  const described = models.all.map((served) => {
    const { id, digest, family, licence, source, trainedOn } = served.manifest;
    const named = { id, digest, family, licence, source, trainedOn };
    return { ...named, default: served === models.default };
  });
  return createRouter().openapi(
    list,
    (c) => c.json({ models: described }, 200),
  );
}

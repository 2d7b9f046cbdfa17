import { createRoute } from "@hono/zod-openapi";
import { createRouter, type Router } from "../router.ts";
import { json, ModelsDocument, problems } from "./segmentations/schema.ts";
import type { Services } from "../services.ts";

const list = createRoute({
  method: "get",
  path: "/v1/models",
  operationId: "listModels",
  tags: ["service"],
  summary: "The models served",
  responses: { 200: json(ModelsDocument, "The models"), ...problems() },
});

export function modelsFunction({ models }: Services): Router {
  const described = models.all.map((served) => {
    const { id, digest, family, licence, source, trainedOn } = served.manifest;
    const isDefault = served === models.default;
    return {
      id,
      digest,
      family,
      licence,
      source,
      trainedOn,
      default: isDefault,
    };
  });
  return createRouter().openapi(
    list,
    (c) => c.json({ models: described }, 200),
  );
}

import { createRoute } from "@hono/zod-openapi";
import { createRouter, type Router } from "./http/router.ts";
import { json, ModelsDocument, problems } from "./http/schemas.ts";
import type { Services } from "./services.ts";

const list = createRoute({
  method: "get",
  path: "/v1/models",
  summary: "The models served",
  responses: { 200: json(ModelsDocument, "The models"), ...problems() },
});

export function modelsFunction({ model }: Services): Router {
  const { id, digest, family, licence, source, trainedOn } = model;
  return createRouter().openapi(
    list,
    (c) =>
      c.json(
        { models: [{ id, digest, family, licence, source, trainedOn }] },
        200,
      ),
  );
}

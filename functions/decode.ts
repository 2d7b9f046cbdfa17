import { createRoute } from "@hono/zod-openapi";
import { requireInside } from "./http/inside.ts";
import { createRouter, type Router } from "./http/router.ts";
import {
  json,
  MaskAnswerDocument,
  MaskRequest,
  problems,
} from "./http/schemas.ts";
import type { Services } from "./services.ts";

const decode = createRoute({
  method: "post",
  path: "/v1/masks",
  summary: "Decode points, a box or an earlier mask to a mask",
  request: {
    body: {
      content: { "application/json": { schema: MaskRequest } },
      required: true,
    },
  },
  responses: {
    200: json(MaskAnswerDocument, "The mask"),
    ...problems(400, 404, 413, 415, 422, 503),
  },
});

/** The decode function: embedding and a person's prompt → mask. */
export function decodeFunction({ engine, embedder, model }: Services): Router {
  return createRouter().openapi(decode, async (c) => {
    const { embedding: id, ...prompt } = c.req.valid("json");
    const { bytes, image } = await embedder.recall(id);
    requireInside(prompt, image, "body");
    const answer = await engine.decode(bytes, prompt);
    return c.json(
      { ...answer, model: { id: model.id, digest: model.digest } },
      200,
    );
  });
}

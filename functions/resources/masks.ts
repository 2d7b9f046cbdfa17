import { createRoute } from "@hono/zod-openapi";
import { callerOf, workOf } from "../middleware/work.ts";
import { requireInBounds } from "../body/bounds.ts";
import { createRouter, type Router } from "../router.ts";
import {
  json,
  MaskAnswerDocument,
  MaskRequest,
  ModelQuery,
  problems,
} from "./segmentations/schema.ts";
import type { Services } from "../services.ts";

const decode = createRoute({
  method: "post",
  path: "/v1/masks",
  operationId: "decodeMask",
  tags: ["masks"],
  summary: "Decode points, a box or an earlier mask to a mask",
  request: {
    query: ModelQuery,
    body: {
      content: { "application/json": { schema: MaskRequest } },
      required: true,
    },
  },
  responses: {
    200: json(MaskAnswerDocument, "The mask"),
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
});

/** The decode function: embedding and a person's prompt → mask. */
export function decodeFunction({ models }: Services): Router {
  return createRouter().openapi(decode, async (c) => {
    const { embedding: id, ...prompt } = c.req.valid("json");
    const model = models.choose(c.req.valid("query").model);
    const { bytes, image } = await models.recall(
      callerOf(c).tenant,
      model,
      id,
    );
    requireInBounds(prompt, image, "body");
    const answer = await model.engineFor(workOf(c)).decode(bytes, prompt);
    const { id: name, digest } = model.manifest;
    return c.json({ ...answer, model: { id: name, digest } }, 200);
  });
}

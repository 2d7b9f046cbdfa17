import { createRoute, z } from "@hono/zod-openapi";
import {
  pointsSomewhere,
  promptFields,
  requireInBounds,
} from "../contract/points.ts";
import { json, MODEL, ModelName } from "../contract/answers.ts";
import { EmbeddingId, ModelQuery } from "../contract/parameters.ts";
import { MASK, MaskBody, Rle } from "../contract/masks.ts";
import { problems } from "../contract/problems.ts";
import { callerOf, createRouter, type Router, workOf } from "../router.ts";
import type { Services } from "../services.ts";

export const MaskRequest = z.strictObject({
  embedding: EmbeddingId,
  ...promptFields,
  mask: Rle.optional(),
  passes: z.int().min(1).max(3).optional().describe(
    "How often the decoder runs for a mask: 3 by default; fewer are quicker and rougher, as for a preview under the " +
      "pointer",
  ),
}).refine(
  (prompt) => prompt.mask !== undefined || pointsSomewhere(prompt),
  { message: "needs at least one positive point (label 1), a box or a mask" },
).openapi("MaskRequest");

export const MaskAnswerDocument = z.object({
  mask: MaskBody,
  predictedIou: z.number(),
  model: ModelName,
}).openapi("Mask", {
  example: { mask: MASK, predictedIou: 0.917, model: MODEL },
});

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
    const { embedding: id, points, box, mask, passes } = c.req.valid("json");
    const model = models.choose(c.req.valid("query").model);
    const { tenant } = callerOf(c);
    const { bytes, image } = await models.recall(tenant, model, id);
    requireInBounds({ points, box }, image, "body");
    const answer = await model.engineFor(workOf(c)).decode(bytes, {
      points,
      ...(box && { box }),
      ...(mask && { mask }),
      ...(passes && { passes }),
    });
    const { id: name, digest } = model.manifest;
    return c.json({ ...answer, model: { id: name, digest } }, 200);
  });
}

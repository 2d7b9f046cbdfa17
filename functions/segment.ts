import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import type { ServedModel } from "../lib/engine/catalogue.ts";
import type { AddressedEmbedding } from "../lib/engine/embedder.ts";
import type { CandidateReport } from "../lib/engine/engine.ts";
import { RECIPES } from "../lib/pipeline/recipe.ts";
import { mediaTypeOf, parseJson, readImage } from "./http/body.ts";
import { RequestError } from "./http/problem.ts";
import { createRouter, type Router } from "./http/router.ts";
import {
  binary,
  EmbeddingReference,
  imageBody,
  PatientParams,
  problems,
  SegmentationDocument,
  SegmentQuery,
} from "./http/schemas.ts";
import { profilesOf } from "./profiles_of.ts";
import type { Services } from "./services.ts";

const segmentRoute = createRoute({
  method: "post",
  path: "/v1/patients/{patient}/segmentations",
  summary: "Segment a new image of a patient",
  request: {
    params: PatientParams,
    query: SegmentQuery,
    body: {
      required: true,
      content: {
        ...imageBody,
        // Not the zod schema: with it the router would refuse bodies of other types.
        "application/json": {
          schema: {
            type: "object" as const,
            properties: {
              embedding: {
                type: "string" as const,
                description: "Id of an embedding",
              },
            },
            required: ["embedding"],
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: "The structure: JSON, or the mask alone",
      content: {
        "application/json": { schema: SegmentationDocument },
        "image/png": binary,
      },
    },
    ...problems(400, 404, 406, 409, 413, 415, 422, 503),
  },
});

/** The segment function: the whole road from image to mask. */
export function segmentFunction(services: Services): Router {
  const { models } = services;

  const embeddingOf = async (
    c: Context,
    model: ServedModel,
  ): Promise<AddressedEmbedding> => {
    if (mediaTypeOf(c) === "application/json") {
      const text = await c.req.text();
      const { embedding } = parseJson(text, EmbeddingReference, "body");
      return await models.recall(model, embedding);
    }
    const made = await model.embedder.embed(await readImage(c));
    await model.embedder.keep(made);
    return made;
  };

  return createRouter().openapi(segmentRoute, async (c) => {
    const { patient } = c.req.valid("param");
    const { label, explain, recipe, ...query } = c.req.valid("query");
    const model = models.choose(query.model);
    const type = answerType(c);
    c.header("vary", "accept");
    const enrolled = await profilesOf(services, model, { patient, label });

    const started = performance.now();
    const { bytes } = await embeddingOf(c, model);
    const encode = performance.now() - started;
    const answer = await model.engine.segment(
      bytes,
      enrolled.map(({ profile }) => profile),
      { png: type === "image/png", recipe: RECIPES[recipe], every: explain },
    );
    if (answer.png !== null) {
      return c.body(answer.png, 200, { "content-type": "image/png" }) as never;
    }

    const describe = (
      { profile, distance, isBound: _, ...candidate }: CandidateReport,
    ) => ({
      ...candidate,
      reference: enrolled[profile].reference.reference,
      distance: Number.isFinite(distance) ? distance : null,
    });
    return c.json({
      patient,
      label,
      present: answer.mask.area > 0,
      mask: answer.mask,
      ...describe(answer.winner),
      ...(explain && { candidates: answer.candidates.map(describe) }),
      model: { id: model.manifest.id, digest: model.manifest.digest },
      timings: { encode, ...answer.timings },
    }, 200);
  });
}

/** What the Accept header prefers; JSON where it leaves the choice. */
function answerType(c: Context): "application/json" | "image/png" {
  if (!c.req.header("accept")) return "application/json";
  const type = accepts(c, {
    header: "Accept",
    supports: [
      "application/json",
      "application/*",
      "*/*",
      "image/png",
      "image/*",
    ],
    default: "none",
  });
  if (type === "none") {
    throw new RequestError(
      "not-acceptable",
      "A segmentation is answered as application/json or image/png.",
    );
  }
  return type.startsWith("image/") ? "image/png" : "application/json";
}

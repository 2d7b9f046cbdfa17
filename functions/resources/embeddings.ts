import { createRoute, z } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import { EMBEDDING_MEDIA_TYPE } from "../../lib/format/embedding_file.ts";
import { imageBody, readImage } from "../body/image.ts";
import {
  binary,
  header,
  ImageSize,
  json,
  matchesEtag,
  MODEL,
  ModelName,
} from "../contract/answers.ts";
import { EmbeddingId, ImageQuery } from "../contract/parameters.ts";
import { problems } from "../contract/problems.ts";
import {
  sendWarnings,
  warningHeaders,
  Warnings,
} from "../contract/warnings.ts";
import { callerOf, createRouter, type Router, workOf } from "../router.ts";
import type { Services } from "../services.ts";

export const EmbeddingDocument = z.object({
  id: EmbeddingId,
  model: ModelName,
  image: ImageSize,
  expiresAt: z.iso.datetime(),
  warnings: Warnings,
}).openapi("Embedding", {
  example: {
    id: "9f".repeat(32),
    model: MODEL,
    image: { width: 384, height: 384 },
    expiresAt: "2026-11-25T09:44:35.362Z",
    warnings: [],
  },
});

/** The embedding's document, or its tensors when the Accept header asks for them. */
const made = (description: string) => {
  const { content } = json(EmbeddingDocument, description);
  return {
    description,
    headers: {
      location: header("Address of the tensors"),
      ...warningHeaders,
    },
    content: { ...content, [EMBEDDING_MEDIA_TYPE]: binary },
  };
};

const cached = {
  etag: header("The embedding's id, quoted"),
  "cache-control": header("Until when it may be kept"),
};

const create = createRoute({
  method: "post",
  path: "/v1/embeddings",
  operationId: "createEmbedding",
  tags: ["embeddings"],
  summary: "Make and cache the embedding of an image",
  request: { query: ImageQuery, body: { content: imageBody, required: true } },
  responses: {
    200: made("It was cached"),
    201: made("It was made"),
    ...problems(400, 404, 409, 413, 415, 422, 502, 503),
  },
});

const read = createRoute({
  method: "get",
  path: "/v1/embeddings/{id}",
  operationId: "readEmbedding",
  tags: ["embeddings"],
  summary: "The embedding as safetensors, float16",
  request: {
    params: z.object({ id: EmbeddingId }),
    headers: z.object({
      "if-none-match": z.string().optional().describe(
        "An entity tag that the caller holds",
      ),
    }),
  },
  responses: {
    200: {
      description: "The tensors; they never change",
      headers: cached,
      content: { [EMBEDDING_MEDIA_TYPE]: binary },
    },
    304: { description: "Unchanged", headers: cached },
    ...problems(404, 422),
  },
});

/** The encode function: image → embedding. */
export function encodeFunction({ models, now }: Services): Router {
  return createRouter()
    .openapi(create, async (c) => {
      const { model, frame } = c.req.valid("query");
      const { embedder, manifest } = models.choose(model);
      const image = await readImage(c, frame);
      const made = await embedder.embed(workOf(c), image);
      const { expiresAt } = await embedder.keep(callerOf(c).tenant, made);
      const status = made.expiresAt === null ? 201 : 200;
      c.header("location", `/v1/embeddings/${made.id}`);
      c.header("vary", "accept");
      const type = accepts(c, {
        header: "Accept",
        supports: ["application/json", EMBEDDING_MEDIA_TYPE],
        default: "application/json",
      });
      if (type === EMBEDDING_MEDIA_TYPE) {
        sendWarnings(c, made.warnings);
        return c.body(made.bytes, status, { "content-type": type }) as never;
      }
      return c.json({
        id: made.id,
        model: { id: manifest.id, digest: manifest.digest },
        image: made.image,
        expiresAt: new Date(expiresAt).toISOString(),
        warnings: made.warnings ?? [],
      }, status);
    })
    .openapi(read, async (c) => {
      const { id } = c.req.valid("param");
      const { bytes, expiresAt } = await models.default.embedder
        .recall(callerOf(c).tenant, id);
      const etag = `"${id}"`;
      const maxAge = Math.max(0, Math.floor((expiresAt! - now()) / 1000));
      c.header("etag", etag);
      c.header("cache-control", `private, max-age=${maxAge}, immutable`);
      if (matchesEtag(c.req.header("if-none-match"), etag)) {
        return c.body(null, 304);
      }
      return c.body(bytes, 200, { "content-type": EMBEDDING_MEDIA_TYPE });
    });
}

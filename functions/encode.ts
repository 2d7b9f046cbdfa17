import { createRoute, z } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import {
  type AddressedEmbedding,
  EMBEDDING_MEDIA_TYPE,
} from "../lib/engine/embedder.ts";
import { writeEmbedding } from "../lib/format/embedding_file.ts";
import { EdgeError } from "../lib/errors.ts";
import { readImage } from "./http/body.ts";
import { createRouter, type Router } from "./http/router.ts";
import {
  binary,
  EmbeddingDocument,
  EmbeddingId,
  json,
  problems,
} from "./http/schemas.ts";
import type { Services } from "./services.ts";

const imageBody = {
  content: Object.fromEntries(
    [
      "image/png",
      "image/jpeg",
      "image/webp",
      "image/tiff",
      EMBEDDING_MEDIA_TYPE,
    ]
      .map((type) => [type, binary])
      .concat([["multipart/form-data", {
        schema: {
          type: "object",
          properties: { image: binary.schema },
          required: ["image"],
        },
      } as never]]),
  ),
  required: true,
};

const create = createRoute({
  method: "post",
  path: "/v1/embeddings",
  summary: "Make and cache the embedding of an image",
  request: { body: imageBody },
  responses: {
    200: json(EmbeddingDocument, "It was cached"),
    201: json(EmbeddingDocument, "It was made"),
    ...problems(400, 409, 413, 415, 422, 503),
  },
});

const read = createRoute({
  method: "get",
  path: "/v1/embeddings/{id}",
  summary: "The embedding as safetensors, float16",
  request: { params: z.object({ id: EmbeddingId }) },
  responses: {
    200: {
      description: "The tensors; they never change",
      content: { [EMBEDDING_MEDIA_TYPE]: binary },
    },
    304: { description: "Unchanged" },
    ...problems(404, 422),
  },
});

/** The encode function: image → embedding. */
export function encodeFunction(
  { embedder, embeddings, model, now }: Services,
): Router {
  const documentOf = (
    { id, embedding }: AddressedEmbedding,
    expiresAt: number,
  ) => ({
    id,
    model: { id: model.id, digest: model.digest },
    image: embedding.image,
    expiresAt: new Date(expiresAt).toISOString(),
  });

  return createRouter()
    .openapi(create, async (c) => {
      const made = await embedder.embed(await readImage(c));
      const { expiresAt } = await embedder.keep(made);
      const status = made.expiresAt === null ? 201 : 200;
      c.header("location", `/v1/embeddings/${made.id}`);
      const type = accepts(c, {
        header: "Accept",
        supports: ["application/json", EMBEDDING_MEDIA_TYPE],
        default: "application/json",
      });
      if (type === EMBEDDING_MEDIA_TYPE) {
        const file = writeEmbedding(made.embedding);
        return c.body(file, status, {
          "content-type": EMBEDDING_MEDIA_TYPE,
        }) as never;
      }
      return c.json(documentOf(made, expiresAt), status);
    })
    .openapi(read, async (c) => {
      const { id } = c.req.valid("param");
      const found = await embeddings.find(id);
      const file = found === null ? null : await embeddings.file(id);
      if (found === null || file === null) {
        throw new EdgeError(
          "not-found",
          `There is no embedding "${id}"; it may have expired.`,
        );
      }
      const etag = `"${id}"`;
      const maxAge = Math.max(0, Math.floor((found.expiresAt - now()) / 1000));
      c.header("etag", etag);
      c.header("cache-control", `private, max-age=${maxAge}, immutable`);
      if (c.req.header("if-none-match") === etag) return c.body(null, 304);
      return c.body(file, 200, { "content-type": EMBEDDING_MEDIA_TYPE });
    });
}

import { createRoute, z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { concat } from "../../lib/core/bytes.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import {
  PIECE_BYTES,
  type Upload,
} from "../../lib/store/uploads/upload_store.ts";
import { requireMediaType } from "../body/media_type.ts";
import { bytesOf } from "../body/multipart.ts";
import { binary, header, json } from "../contract/answers.ts";
import { problems } from "../contract/problems.ts";
import { callerOf, createRouter, type Env, type Router } from "../router.ts";
import type { Services } from "../services.ts";

/** Version of the protocol, https://tus.io/protocols/resumable-upload. */
const VERSION = "1.0.0";
const EXTENSIONS = "creation,expiration,termination";
const PIECES = "application/offset+octet-stream";

const path = "/v1/uploads";
const UploadParams = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/, "must be the id of an upload")
    .openapi({ param: { name: "id", in: "path" }, example: "9f".repeat(16) }),
});

const Count = z.string().regex(/^\d{1,13}$/, "must be a whole number of bytes")
  .transform(Number).openapi({ type: "integer" });
const tusHeader = { "tus-resumable": z.string().describe(`Always ${VERSION}`) };
const Tus = z.object(tusHeader);

const tusHeaders = { "tus-resumable": header(VERSION) };
const state = {
  ...tusHeaders,
  "upload-offset": header("Bytes that have arrived"),
  "upload-length": header("Bytes of the whole"),
  "upload-expires": header("When it is erased"),
};

const UploadDocument = z.object({
  id: z.string().describe('Stands in place of a file in JSON: `{"upload":id}`'),
  length: z.int().describe("Bytes of the whole"),
  offset: z.int().describe("Bytes that have arrived"),
  expiresAt: z.iso.datetime(),
}).openapi("Upload", {
  example: {
    id: "9f".repeat(16),
    length: 12_000_000,
    offset: 5_242_880,
    expiresAt: "2026-11-25T09:44:35.362Z",
  },
});

const options = createRoute({
  method: "options",
  path,
  middleware: speakTus(),
  operationId: "describeUploads",
  tags: ["uploads"],
  summary: "What the server speaks of the protocol tus",
  responses: {
    204: {
      description: "Its version, its extensions, and the largest upload",
      headers: {
        ...tusHeaders,
        "tus-version": header(VERSION),
        "tus-extension": header(EXTENSIONS),
        "tus-max-size": header("Bytes"),
      },
    },
  },
});

const create = createRoute({
  method: "post",
  path,
  middleware: speakTus(),
  operationId: "createUpload",
  tags: ["uploads"],
  summary: "Begin an upload that survives a broken connection (tus 1.0)",
  description:
    "Any client of tus 1.0 goes on from here. A complete upload stands in place of a file in JSON, " +
    '`{"image":{"upload":id}}`, or of the body of a series or an archive, `{"upload":id}`. It is erased when the ' +
    "whole answer of the request that used it was read, and after a day in any case.",
  request: {
    headers: Tus.extend({
      "upload-length": Count,
      "upload-metadata": z.string().max(8192).optional(),
    }),
  },
  responses: {
    201: {
      ...json(UploadDocument, "It has begun"),
      headers: {
        ...state,
        location: header(
          "Where its bytes are sent; relative to the address of the request",
        ),
      },
    },
    ...problems(409, 412, 413, 422),
  },
});

const read = createRoute({
  method: "get",
  path: `${path}/{id}`,
  middleware: speakTus(),
  operationId: "readUpload",
  tags: ["uploads"],
  summary: "How far an upload has come; HEAD is what tus clients ask",
  request: { params: UploadParams },
  responses: {
    200: { ...json(UploadDocument, "Its state"), headers: state },
    ...problems(404, 412, 422),
  },
});

const append = createRoute({
  method: "patch",
  path: `${path}/{id}`,
  middleware: speakTus(),
  operationId: "appendUpload",
  tags: ["uploads"],
  summary: "Send bytes of an upload, from where it is",
  description:
    "What arrives is kept, also when the connection breaks: ask for the offset, and go on from there.",
  request: {
    params: UploadParams,
    headers: Tus.extend({ "upload-offset": Count }),
    body: { required: true, content: { [PIECES]: binary } },
  },
  responses: {
    204: { description: "All of them arrived", headers: state },
    ...problems(400, 404, 409, 412, 413, 415, 422),
  },
});

const remove = createRoute({
  method: "delete",
  path: `${path}/{id}`,
  middleware: speakTus(),
  operationId: "eraseUpload",
  tags: ["uploads"],
  summary: "Erase an upload",
  request: { params: UploadParams, headers: Tus },
  responses: {
    204: { description: "Erased", headers: tusHeaders },
    ...problems(404, 412, 422),
  },
});

/**
 * The uploads function: the protocol tus 1.0 with creation, expiration and termination. @tus/server wants a store of
 * Node streams, locks of its own and its own routes, and answers errors as text outside of the contract; what it would
 * save is this file.
 */
export function uploadsFunction(services: Services): Router {
  const { uploads, maxSeriesBytes } = services;
  return createRouter()
    .openapi(options, (c) =>
      c.body(null, 204, {
        "tus-version": VERSION,
        "tus-extension": EXTENSIONS,
        "tus-max-size": String(maxSeriesBytes),
      }))
    .openapi(create, async (c) => {
      const { "upload-length": length, "upload-metadata": metadata = null } = c
        .req.valid("header");
      if (length > maxSeriesBytes) {
        const why = `An upload may have ${maxSeriesBytes} bytes.`;
        throw new EdgeError("too-many-bytes", why);
      }
      const id = crypto.getRandomValues(new Uint8Array(16)).toHex();
      const { tenant } = callerOf(c);
      const upload = await uploads.create(tenant, id, length, metadata);
      sendState(c, upload);
      // Relative, since a proxy may serve the API below a path of its own.
      const isFolder = new URL(c.req.url).pathname.endsWith("/");
      c.header("location", `${isFolder ? "../.." : ".."}${path}/${id}`);
      return c.json(describe(id, upload), 201);
    })
    .openapi(read, async (c) => {
      const { id } = c.req.valid("param");
      const upload = await uploads.find(callerOf(c).tenant, id);
      if (upload === null) throw missing();
      sendState(c, upload);
      return c.json(describe(id, upload), 200);
    })
    .openapi(append, async (c) => {
      const { id } = c.req.valid("param");
      requireMediaType(c, PIECES);
      const { "upload-offset": offset } = c.req.valid("header");
      const { tenant } = callerOf(c);
      let upload = await uploads.find(tenant, id);
      if (upload === null) throw missing();
      if (upload.offset !== offset) {
        sendState(c, upload);
        throw new EdgeError(
          "conflict",
          `The upload is at byte ${upload.offset}, not ${offset}; continue there.`,
        );
      }
      for await (const bytes of inPieces(bytesOf(c))) {
        upload = await uploads.append(tenant, id, upload.offset, bytes);
      }
      sendState(c, upload);
      return c.body(null, 204);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid("param");
      if (!await uploads.erase(callerOf(c).tenant, id)) throw missing();
      return c.body(null, 204);
    });
}

/** Requires the version of the protocol in requests, and states it in every answer. */
function speakTus(): MiddlewareHandler<Env> {
  return async (c, next) => {
    c.header("tus-resumable", VERSION);
    const sent = c.req.header("tus-resumable");
    if (c.req.method === "OPTIONS" || sent === VERSION) return await next();
    // Asked by people, not by clients of the protocol.
    if (c.req.method === "GET" && sent === undefined) return await next();
    c.header("tus-version", VERSION);
    throw new EdgeError(
      "tus-version",
      `Uploads speak tus ${VERSION}: send it in the header tus-resumable.`,
    );
  };
}

function sendState(c: Context, { offset, length, until, metadata }: Upload) {
  c.header("upload-offset", String(offset));
  c.header("upload-length", String(length));
  c.header("upload-expires", new Date(until).toUTCString());
  c.header("cache-control", "no-store");
  if (metadata !== null) c.header("upload-metadata", metadata);
}

function describe(id: string, { length, offset, until }: Upload) {
  return { id, length, offset, expiresAt: new Date(until).toISOString() };
}

/** Bytes in pieces to store. What came before a failure is given before it is thrown. */
async function* inPieces(bytes: AsyncIterable<Uint8Array>) {
  let parts: Uint8Array[] = [];
  let size = 0;
  let failure: unknown;
  try {
    for await (const part of bytes) {
      parts.push(part);
      size += part.length;
      // The parts are small, so no piece is longer than the store takes.
      if (size + 65_536 <= PIECE_BYTES) continue;
      yield concat(parts);
      parts = [];
      size = 0;
    }
  } catch (error) {
    failure = error;
  }
  if (size > 0) yield concat(parts);
  if (failure !== undefined) throw failure;
}

function missing(): EdgeError {
  return new EdgeError(
    "not-found",
    "There is no such upload: it is used, erased or expired, or never was.",
  );
}

import type { Router } from "../router.ts";
import { INLINE_FILE } from "../body/json_file.ts";
import { takesIdempotencyKey } from "../middleware/idempotency.ts";
import { needOf } from "../middleware/scopes.ts";
import { ArchiveReference } from "./archive.ts";
import { header } from "./answers.ts";
import { problemsOf } from "./problems.ts";

type Document = ReturnType<Router["getOpenAPI31Document"]>;

/** Headers of every answer. */
const ANY_ANSWER = { "x-request-id": header("Names the request in the log") };
const BY_STATUS: Record<string, Record<string, ReturnType<typeof header>>> = {
  401: { "www-authenticate": header("Bearer, and what is wrong") },
  403: { "www-authenticate": header("Bearer, and the scope that is needed") },
  429: { "retry-after": header("Seconds until another attempt is worthwhile") },
  503: { "retry-after": header("Seconds until another attempt is worthwhile") },
};

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "Chosen by the caller for this one request: sent again within a day, the request is not carried out again, and its " +
    "first answer is given, with the header `idempotent-replayed`",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

/** What opens a closed operation; either is enough. Names in a requirement are scopes (OpenAPI 3.1, section 4.8.30). */
const SCHEMES = {
  token: {
    type: "http",
    scheme: "bearer",
    description: "An API key, or a token (JWT) of the issuer",
  },
  key: {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
    description: "An API key",
  },
} as const;

/**
 * The OpenAPI document of an application's routes, with what they have in common: the headers of every
 * answer, and the keys and tokens that open each operation.
 *
 * @param closed whether keys or tokens are needed: a service without keys takes requests without any.
 */
export function describeService(app: Router, closed: boolean): Document {
  for (const [name, scheme] of Object.entries(SCHEMES)) {
    app.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
  }
  // A schema that only files in JSON refer to.
  app.openAPIRegistry.register("ArchiveReference", ArchiveReference);
  app.openAPIRegistry.registerComponent("schemas", "InlineFile", INLINE_FILE);
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "P²SAM Edge",
      version: "1",
      license: { name: "MIT", url: "https://opensource.org/license/mit" },
      description:
        "Annotate one image of a patient once; every later image of that patient comes back segmented. Coordinates " +
        "are pixels of the image after EXIF rotation, x right, y down. Errors are problem documents (RFC 9457) whose " +
        "`type` this server explains. Not a medical device.",
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "patients", description: "Segment a patient's images" },
      { name: "references", description: "A patient's annotated images" },
      { name: "embeddings", description: "What an encoder makes of an image" },
      { name: "archive", description: "The hospital's image archive" },
      { name: "uploads", description: "Files over broken connections" },
      { name: "masks", description: "Interactive use" },
      { name: "service", description: "Models and health" },
    ],
  });
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    const operations = Object.entries(item as Record<string, Operation>);
    for (const [method, operation] of operations) {
      const need = needOf(method, path);
      if (need !== undefined && need !== "open") {
        const scopes = need === "known" ? [] : [need];
        operation.security = [
          ...(closed ? [] : [{}]),
          ...Object.keys(SCHEMES).map((name) => ({ [name]: scopes })),
        ];
        // Whatever its scope: a page of another site may have sent it (403), or the store may fail (503).
        Object.assign(operation.responses, answersOf(401, 429, 503, 403));
      }
      if (takesIdempotencyKey(method, path)) {
        operation.parameters = [
          ...operation.parameters ?? [],
          IDEMPOTENCY_KEY,
        ];
        Object.assign(operation.responses, {
          ...answersOf(409),
          ...operation.responses,
        });
      }
      if (operation.requestBody !== undefined) {
        Object.assign(operation.responses, answersOf(408));
      }
      for (const [status, response] of Object.entries(operation.responses)) {
        response.headers = {
          ...ANY_ANSWER,
          ...BY_STATUS[status],
          ...response.headers,
        };
      }
    }
  }
  return document;
}

interface Operation {
  parameters?: unknown[];
  requestBody?: unknown;
  security?: Record<string, string[]>[];
  responses: Record<string, { headers?: Record<string, unknown> }>;
}

/** The problem answers of these statuses, in the form of a finished document. */
function answersOf(...statuses: number[]): Operation["responses"] {
  return Object.fromEntries(statuses.map((status) => {
    const { description, content } = problemsOf(status);
    const { examples } = content["application/problem+json"];
    const schema = { $ref: "#/components/schemas/Problem" };
    const answer = { "application/problem+json": { schema, examples } };
    return [status, { description, content: answer } as never];
  }));
}

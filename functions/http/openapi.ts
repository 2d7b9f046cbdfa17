import type { Router } from "./router.ts";
import { header } from "./header.ts";
import { problems } from "./schemas.ts";

type Document = ReturnType<Router["getOpenAPI31Document"]>;

/** Headers that answers have whatever the route. */
const ANY_ANSWER = {
  "x-request-id": header("Names the request in the log"),
};
const BY_STATUS: Record<string, Record<string, ReturnType<typeof header>>> = {
  401: { "www-authenticate": header("Bearer") },
  503: { "retry-after": header("Seconds until another try is worth it") },
};

/**
 * The OpenAPI document of an application's routes, with what they have in common: the headers of every
 * answer and, where a token closes `/v1/`, the scheme that opens it.
 */
export function describeService(app: Router, closed: boolean): Document {
  if (closed) {
    app.openAPIRegistry.registerComponent("securitySchemes", "token", {
      type: "http",
      scheme: "bearer",
      description: "The token that the host was started with",
    });
  }
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "P²SAM Edge",
      version: "1",
      license: { name: "MIT", url: "https://opensource.org/license/mit" },
      description:
        "Annotate one image of a patient once; every later image of that patient comes " +
        "back segmented. Coordinates are pixels of the image after EXIF rotation, x right, y down. " +
        "Errors are problem documents (RFC 9457) whose `type` this server explains. " +
        "Not a medical device.",
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "patients", description: "Segment a patient's images" },
      { name: "references", description: "A patient's annotated images" },
      { name: "embeddings", description: "What an encoder makes of an image" },
      { name: "masks", description: "Interactive use" },
      { name: "service", description: "Models and health" },
    ],
  });
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const operation of Object.values(item as Record<string, Operation>)) {
      if (closed && path.startsWith("/v1/")) {
        operation.security = [{ token: [] }];
        Object.assign(operation.responses, problemsOf(401));
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
  security?: Record<string, string[]>[];
  responses: Record<string, { headers?: Record<string, unknown> }>;
}

/** The problem answers of one status, as they stand in a document. */
function problemsOf(status: number): Operation["responses"] {
  const { description, content } = problems(status)[status];
  const { examples } = content["application/problem+json"];
  const schema = { $ref: "#/components/schemas/Problem" };
  const answer = { "application/problem+json": { schema, examples } };
  return { [status]: { description, content: answer } as never };
}

import { bodyLimit } from "hono/body-limit";
import { decodeFunction } from "./decode.ts";
import { docsFunction } from "./docs.ts";
import { encodeFunction } from "./encode.ts";
import { exportFunction } from "./export.ts";
import { healthFunction } from "./health.ts";
import type { Access } from "../lib/access/caller.ts";
import { identifyCaller, requireOwnName, requireScope } from "./http/access.ts";
import { mediaTypeOf } from "./http/body.ts";
import { allowOrigins } from "./http/cors.ts";
import { answerProblem, RequestError } from "./http/problem.ts";
import { methodsAt } from "./http/methods.ts";
import { describeService } from "./http/openapi.ts";
import { observeRequests, type RequestLine } from "./http/observe.ts";
import { nameRequests } from "./http/request_id.ts";
import { createRouter, type Router } from "./http/router.ts";
import { scopesOf } from "./http/scopes.ts";
import { metricsFunction } from "./metrics.ts";
import { modelsFunction } from "./models.ts";
import { pageFunction } from "./page.ts";
import { previewFunction } from "./previews.ts";
import { promptFunction } from "./prompt.ts";
import { receiptsFunction } from "./receipts.ts";
import { referencesFunction } from "./references.ts";
import { revisionsFunction } from "./revisions.ts";
import { segmentFunction } from "./segment.ts";
import { seriesFunction } from "./series.ts";
import type { Services } from "./services.ts";

/** A function of the service: a router over the parts that it needs. */
export type ServiceFunction = (services: Services) => Router;

export const ALL_FUNCTIONS: ServiceFunction[] = [
  encodeFunction,
  referencesFunction,
  revisionsFunction,
  promptFunction,
  decodeFunction,
  exportFunction,
  segmentFunction,
  seriesFunction,
  receiptsFunction,
  previewFunction,
  modelsFunction,
  healthFunction,
  metricsFunction,
  pageFunction,
  docsFunction,
];

/** Largest JSON body: a mask prompt of a large photo fits. */
const MAX_JSON_BYTES = 5_000_000;

const SERIES_PATH = /^\/v1\/patients\/[^/]+\/series$/;

/** Who may call. */
export interface AppOptions {
  /** Who may call what is not open to all; without it anyone may. */
  access?: Access;
  /** Answers under the machine's own names alone. */
  ownNameOnly?: boolean;
  /** Origins whose pages may call from a browser (CORS), or `*`; none by default. */
  origins?: string[];
  /** Takes a line for every request. */
  log?: (line: RequestLine) => void;
}

/** One HTTP application that mounts the given functions, with their OpenAPI document. */
export function createApp(
  services: Services,
  functions: ServiceFunction[] = ALL_FUNCTIONS,
  { access, ownNameOnly = false, origins = [], log }: AppOptions = {},
): Router {
  const app = createRouter();
  app.use(nameRequests());
  app.use(observeRequests(services, log));
  if (origins.length > 0) app.use(allowOrigins(origins));
  if (ownNameOnly) app.use(requireOwnName());
  const identify = identifyCaller(access);
  app.use("/v1/*", identify);
  const routers = functions.map((build) => build(services));
  for (const [method, path, scope] of scopesOf(routers)) {
    if (!path.startsWith("/v1/")) app.on(method, path, identify);
    app.on(method, path, requireScope(scope));
  }
  const limit = (maxSize: number) =>
    bodyLimit({
      maxSize,
      onError: () => {
        const detail = `The request body is larger than ${maxSize} bytes.`;
        throw new RequestError("too-many-bytes", detail);
      },
    });
  const anyBody = limit(services.maxBytes);
  const jsonBody = limit(Math.min(MAX_JSON_BYTES, services.maxBytes));
  app.use((c, next) => {
    // A series bounds its body itself, while it takes it in.
    if (SERIES_PATH.test(c.req.path)) return next();
    return mediaTypeOf(c) === "application/json"
      ? jsonBody(c, next)
      : anyBody(c, next);
  });
  for (const router of routers) app.route("/", router);
  const document = describeService(app, access !== undefined);
  app.get("/openapi.json", (c) => c.json(document));
  app.notFound((c) => {
    const allowed = methodsAt(app, c.req.path).join(", ");
    if (allowed === "") {
      const detail = `There is no ${c.req.method} route here.`;
      return answerProblem(new RequestError("no-route", detail), c);
    }
    c.header("allow", allowed);
    const detail = `This address takes ${allowed}, not ${c.req.method}.`;
    return answerProblem(new RequestError("no-method", detail), c);
  });
  app.onError(answerProblem);
  return app;
}

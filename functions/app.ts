import { auditFunction } from "./resources/audit_trail.ts";
import { decodeFunction } from "./resources/masks.ts";
import { docsFunction } from "./resources/docs.ts";
import { encodeFunction } from "./resources/embeddings.ts";
import { exportFunction } from "./resources/mask_exports.ts";
import { healthFunction } from "./resources/health.ts";
import type { Access } from "../lib/access/caller.ts";
import {
  identifyCaller,
  requireOwnName,
  requireScope,
} from "./middleware/access.ts";
import { auditRequests } from "./middleware/audit_requests.ts";
import { limitBodies } from "./middleware/body_limit.ts";
import { limitTime } from "./middleware/work.ts";
import { allowOrigins } from "./middleware/cors.ts";
import { answerProblem } from "./contract/problems.ts";
import { EdgeError } from "../lib/core/errors.ts";
import { methodsAt } from "./middleware/route_patterns.ts";
import { refuseOtherSites } from "./middleware/cross_origin.ts";
import {
  type MinimumRate,
  requireMinimumRate,
} from "./middleware/minimum_rate.ts";
import { describeService } from "./contract/openapi.ts";
import { observeRequests, type RequestLine } from "./middleware/observe.ts";
import { nameRequests } from "./middleware/request_id.ts";
import { limitRate } from "./middleware/rate_limit.ts";
import { createRouter, type Router } from "./router.ts";
import { scopesOf } from "./middleware/scopes.ts";
import { metricsFunction } from "./resources/metrics.ts";
import { modelsFunction } from "./resources/models.ts";
import { pageFunction } from "./resources/page.ts";
import { previewFunction } from "./resources/previews.ts";
import { promptFunction } from "./resources/prompts.ts";
import { receiptsFunction } from "./resources/receipts/handler.ts";
import { referencesFunction } from "./resources/references/handler.ts";
import { revisionsFunction } from "./resources/revisions.ts";
import { segmentFunction } from "./resources/segmentations/handler.ts";
import { seriesFunction } from "./resources/series/handler.ts";
import { transferFunction } from "./resources/transfers.ts";
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
  transferFunction,
  previewFunction,
  modelsFunction,
  auditFunction,
  healthFunction,
  metricsFunction,
  pageFunction,
  docsFunction,
];

const SERIES_PATH = /^\/v1\/patients\/[^/]+\/series$/;

/** Who may call. */
export interface AppOptions {
  /** Who may call what is not open to all; without it anyone may. */
  access?: Access;
  /** Requests that every caller may send, unless it is a part of the service. */
  requestsPerMinute?: number;
  /** Answers under the machine's own names alone. */
  ownNameOnly?: boolean;
  /** Other origins whose pages may call from a browser, or `*`; none by default. */
  origins?: string[];
  /** How slowly bodies may come. */
  minimumRate?: MinimumRate;
  /** Takes a line for every request. */
  log?: (line: RequestLine) => void;
}

/** One HTTP application that mounts the given functions, with their OpenAPI document. */
export function createApp(
  services: Services,
  functions: ServiceFunction[] = ALL_FUNCTIONS,
  {
    access,
    requestsPerMinute,
    ownNameOnly = false,
    origins = [],
    minimumRate,
    log,
  }: AppOptions = {},
): Router {
  const app = createRouter();
  app.use(nameRequests());
  app.use(observeRequests(services, log));
  if (origins.length > 0) app.use(allowOrigins(origins));
  if (ownNameOnly) app.use(requireOwnName());
  app.use("/v1/*", refuseOtherSites(origins));
  const identify = identifyCaller(access);
  app.use("/v1/*", identify);
  if (requestsPerMinute !== undefined) {
    app.use("/v1/*", limitRate(requestsPerMinute));
  }
  app.use("/v1/*", auditRequests(services.audit, app));
  const routers = functions.map((build) => build(services));
  for (const [method, path, scope] of scopesOf(routers)) {
    if (!path.startsWith("/v1/")) app.on(method, path, identify);
    app.on(method, path, requireScope(scope));
  }
  app.use(requireMinimumRate(minimumRate));
  const { maxBytes, memory, deadline } = services;
  const bodies = limitBodies(maxBytes, memory);
  const time = limitTime(deadline);
  app.use("/v1/*", async (c, next) => {
    // A series bounds its body and the time of each image itself.
    if (SERIES_PATH.test(c.req.path)) return await next();
    await bodies(c, () => time(c, next) as Promise<void>);
  });
  for (const router of routers) app.route("/", router);
  const document = describeService(app, access !== undefined);
  app.get("/openapi.json", (c) => c.json(document));
  app.notFound((c) => {
    const allowed = methodsAt(app, c.req.path).join(", ");
    if (allowed === "") {
      const detail = `There is no ${c.req.method} route here.`;
      return answerProblem(new EdgeError("no-route", detail), c);
    }
    c.header("allow", allowed);
    const detail = `This address takes ${allowed}, not ${c.req.method}.`;
    return answerProblem(new EdgeError("no-method", detail), c);
  });
  app.onError(answerProblem);
  return app;
}

import { auditFunction } from "./audit.ts";
import { decodeFunction } from "./decode.ts";
import { docsFunction } from "./docs.ts";
import { encodeFunction } from "./encode.ts";
import { exportFunction } from "./export.ts";
import { healthFunction } from "./health.ts";
import type { Access } from "../lib/access/caller.ts";
import { identifyCaller, requireOwnName, requireScope } from "./http/access.ts";
import { auditRequests } from "./http/audited.ts";
import { limitBodies } from "./http/body_limit.ts";
import { limitTime } from "./http/caller.ts";
import { allowOrigins } from "./http/cors.ts";
import { answerProblem, RequestError } from "./http/problem.ts";
import { methodsAt } from "./http/methods.ts";
import { refuseOtherSites } from "./http/other_sites.ts";
import { type Pace, requirePace } from "./http/pace.ts";
import { describeService } from "./http/openapi.ts";
import { observeRequests, type RequestLine } from "./http/observe.ts";
import { nameRequests } from "./http/request_id.ts";
import { limitRate } from "./http/rate.ts";
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
import { transferFunction } from "./transfer.ts";
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
  pace?: Pace;
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
    pace,
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
  app.use(requirePace(pace));
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
      return answerProblem(new RequestError("no-route", detail), c);
    }
    c.header("allow", allowed);
    const detail = `This address takes ${allowed}, not ${c.req.method}.`;
    return answerProblem(new RequestError("no-method", detail), c);
  });
  app.onError(answerProblem);
  return app;
}

import type { Authenticator } from "../lib/access/authenticator.ts";
import { offerUploads } from "./middleware/offer_uploads.ts";
import { describeService } from "./contract/openapi.ts";
import {
  identifyCaller,
  requireOwnName,
  requireScope,
} from "./middleware/access.ts";
import { answerProblem } from "./middleware/answer_problem.ts";
import { auditRequests } from "./middleware/audit_requests.ts";
import { readArchive } from "./middleware/archive.ts";
import { limitBodies } from "./middleware/body_limit.ts";
import { decodeBodies } from "./middleware/content_encoding.ts";
import { allowOrigins, refuseOtherSites } from "./middleware/cross_origin.ts";
import { repeatAnswers } from "./middleware/idempotency.ts";
import { overrideMethod } from "./middleware/method_override.ts";
import {
  type MinimumRate,
  requireMinimumRate,
} from "./middleware/minimum_rate.ts";
import { stateHeadLength } from "./middleware/head.ts";
import { answerNoRoute } from "./middleware/routes.ts";
import { observeRequests, type RequestLine } from "./middleware/observe.ts";
import { limitRate } from "./middleware/rate_limit.ts";
import { nameRequests } from "./middleware/request_id.ts";
import { scopesOf } from "./middleware/scopes.ts";
import { limitWork } from "./middleware/work.ts";
import { archiveFunction } from "./resources/archive.ts";
import { auditFunction } from "./resources/audit_trail.ts";
import { docsFunction } from "./resources/docs.ts";
import { encodeFunction } from "./resources/embeddings.ts";
import { enrolmentsFunction } from "./resources/enrolments.ts";
import { healthFunction, metricsFunction } from "./resources/health.ts";
import { exportFunction } from "./resources/mask_exports.ts";
import { imageReadingFunction } from "./resources/image_readings.ts";
import { readingFunction } from "./resources/mask_readings.ts";
import { decodeFunction } from "./resources/masks.ts";
import { modelsFunction } from "./resources/models.ts";
import { labelStudioFunction } from "./resources/label_studio.ts";
import { monaiLabelFunction } from "./resources/monailabel/handler.ts";
import { pageFunction } from "./resources/page.ts";
import { patientsFunction } from "./resources/patients.ts";
import { previewFunction } from "./resources/previews.ts";
import { promptFunction } from "./resources/prompts.ts";
import { receiptsFunction } from "./resources/receipts.ts";
import { referencesFunction } from "./resources/references/handler.ts";
import { revisionsFunction } from "./resources/revisions.ts";
import { segmentFunction } from "./resources/segmentations/handler.ts";
import { seriesFunction } from "./resources/series/handler.ts";
import { transferFunction } from "./resources/transfers.ts";
import { uploadsFunction } from "./resources/uploads.ts";
import { volumeExportFunction } from "./resources/volume_exports.ts";
import { createRouter, type Router } from "./router.ts";
import type { Services } from "./services.ts";

/** A function of the service: a router over the services that it needs. @param closed whether callers need a key. */
export type ServiceFunction = (services: Services, closed: boolean) => Router;

/** Every function by its name. */
export const FUNCTIONS = {
  encode: encodeFunction,
  references: referencesFunction,
  enrolments: enrolmentsFunction,
  patients: patientsFunction,
  revisions: revisionsFunction,
  prompt: promptFunction,
  decode: decodeFunction,
  export: exportFunction,
  volumes: volumeExportFunction,
  read: readingFunction,
  segment: segmentFunction,
  series: seriesFunction,
  receipts: receiptsFunction,
  transfer: transferFunction,
  preview: previewFunction,
  facts: imageReadingFunction,
  archive: archiveFunction,
  uploads: uploadsFunction,
  models: modelsFunction,
  audit: auditFunction,
  monailabel: monaiLabelFunction,
  labelstudio: labelStudioFunction,
  health: healthFunction,
  metrics: metricsFunction,
  page: pageFunction,
  docs: docsFunction,
} satisfies Record<string, ServiceFunction>;
export type FunctionName = keyof typeof FUNCTIONS;

export const ALL_FUNCTIONS: ServiceFunction[] = Object.values(FUNCTIONS);

/** Routes that take their body as it comes, and bound it, and the work on each of its images, themselves. */
const STREAMED =
  /^\/v1\/(patients\/[^/]+\/series|masks\/export\/volume|enrolments|uploads(\/[^/]+)?)$/;

/** Protocols of other programs, which stand beside the service's own contract. */
const PROGRAMS = ["/monailabel/*", "/label-studio/*"];

/** Who may call and how often, how slowly bodies may arrive, and where requests are logged. */
export interface AppOptions {
  /** Finds out who calls; without it anyone may call. */
  access?: Authenticator | undefined;
  /** Requests that a caller may send in a minute; other hosts of the service are not counted. */
  requestsPerMinute?: number;
  /** Whether to answer requests for the machine's own names only. */
  ownNameOnly?: boolean;
  /** Other origins whose pages may call from a browser, or `*`; none by default. */
  origins?: string[] | undefined;
  /** How slowly bodies may arrive. */
  minimumRate?: MinimumRate;
  /** Takes a line for every request. */
  log?: ((line: RequestLine) => void) | undefined;
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
  app.onError(answerProblem);
  app.notFound(answerNoRoute(app));

  app.use("/v1/uploads/*", overrideMethod(app));
  app.use(nameRequests());
  app.use(observeRequests(services, log));
  app.use(stateHeadLength());

  // Who may call.
  if (origins.length > 0) app.use(allowOrigins(origins));
  if (ownNameOnly) app.use(requireOwnName());
  const refuse = refuseOtherSites(origins);
  app.use("/v1/*", refuse);
  for (const path of PROGRAMS) app.use(path, refuse);
  const identify = identifyCaller(access);
  app.use("/v1/*", identify);
  const counted = [
    ...(requestsPerMinute === undefined
      ? []
      : [limitRate(requestsPerMinute, services.rates)]),
    auditRequests(services.audit, app),
  ];
  for (const count of counted) app.use("/v1/*", count);
  const routers = functions.map((build) =>
    build(services, access !== undefined)
  );
  for (const [method, path, scope] of scopesOf(routers)) {
    if (path.startsWith("/label-studio/")) {
      app.on(method, path, identifyCaller(access, true));
    } else if (!path.startsWith("/v1/")) {
      app.on(method, path, refuse, identify);
    }
    if (isOfPrograms(path)) {
      for (const count of counted) app.on(method, path, count);
    }
    app.on(method, path, requireScope(scope));
  }

  // What a request may take.
  app.use(requireMinimumRate(minimumRate));
  app.use(decodeBodies());
  const body = limitBodies(services.maxBytes, services.bodyQuota);
  const work = limitWork(services.deadline);
  const archive = readArchive(services);
  app.use("/v1/*", async (c, next) => {
    if (STREAMED.test(c.req.path)) return await next();
    const run = () => archive(c, next) as Promise<void>;
    await body(c, () => work(c, run) as Promise<void>);
  });

  for (const path of PROGRAMS) {
    app.use(path, async (c, next) => {
      // Routes that are open to anyone bound their bodies themselves.
      if (c.get("caller") === undefined) return await next();
      await body(c, next);
    });
  }
  app.use("/v1/*", repeatAnswers(services));
  app.use("/v1/*", offerUploads(services));

  for (const router of routers) app.route("/", router);
  const document = describeService(app, access !== undefined);
  app.get("/openapi.json", (c) => c.json(document));
  return app;
}

const isOfPrograms = (path: string): boolean =>
  PROGRAMS.some((program) => path.startsWith(program.slice(0, -1)));

import type { Scope } from "../../lib/access/caller.ts";
import type { Router } from "../router.ts";

/** What a route requires of its callers: a scope, any valid key or token, or nothing. */
export type Need = Scope | "known" | "open";

/** What MONAI Label's protocol requires, below the patient; each path with and without a slash at its end. */
const MONAI_LABEL: Record<string, Need> = {
  "GET /info": "read",
  "GET /auth": "open",
  "POST /auth/token": "open",
  "GET /auth/token/valid": "read",
  "PUT /session": "segment",
  "GET /session/:session": "segment",
  "DELETE /session/:session": "segment",
  "GET /datastore": "read",
  "PUT /datastore": "segment",
  "DELETE /datastore": "erase",
  "GET /datastore/image": "segment",
  "PUT /datastore/image": "segment",
  "DELETE /datastore/image": "erase",
  "GET /datastore/image/info": "read",
  "GET /datastore/label": "read",
  "PUT /datastore/label": "enrol",
  "DELETE /datastore/label": "erase",
  "POST /activelearning/:strategy": "read",
  "POST /infer/:model": "segment",
  "GET /logs": "admin",
  "GET /train": "read",
  "POST /train": "read",
  "POST /train/:model": "read",
  "DELETE /train": "read",
};

/** What Label Studio's protocol requires, in the same way. */
const LABEL_STUDIO: Record<string, Need> = {
  "GET ": "read",
  "GET /health": "read",
  "POST /setup": "read",
  "GET /versions": "read",
  "POST /versions": "read",
  "POST /predict": "segment",
  "POST /webhook": "enrol",
};

/** The routes of a program's protocol below a path. */
const below = (path: string, needs: Record<string, Need>) =>
  Object.fromEntries(
    Object.entries(needs).flatMap(([route, need]) => {
      const at = route.replace(" ", ` ${path}`);
      return [[at, need], [`${at}/`, need]];
    }),
  );

/** What every route of the service requires; a route that is missing here stops the start. */
export const NEEDS: Record<string, Need | undefined> = {
  ...below("/monailabel/:patient", MONAI_LABEL),
  ...below("/label-studio/:patient", LABEL_STUDIO),
  "GET /monailabel/info": "open",
  "GET /monailabel/info/": "open",
  "POST /v1/embeddings": "encode",
  "GET /v1/embeddings/:id": "encode",
  "POST /v1/previews": "encode",
  "POST /v1/images/read": "encode",
  "OPTIONS /v1/uploads": "known",
  "POST /v1/uploads": "encode",
  "GET /v1/uploads/:id": "encode",
  "PATCH /v1/uploads/:id": "encode",
  "DELETE /v1/uploads/:id": "encode",
  "PUT /v1/patients/:patient/references/:reference": "enrol",
  "GET /v1/patients/:patient/references/:reference": "read",
  "DELETE /v1/patients/:patient/references/:reference": "erase",
  "POST /v1/enrolments": "enrol",
  "GET /v1/patients": "read",
  "GET /v1/patients/:patient": "read",
  "DELETE /v1/patients/:patient": "erase",
  "GET /v1/patients/:patient/labels/:label/revisions": "read",
  "POST /v1/patients/:patient/labels/:label/revisions/:revision/restore":
    "enrol",
  "GET /v1/patients/:patient/export": "read",
  "POST /v1/patients/:patient/import": "enrol",
  "POST /v1/patients/:patient/prompts": "segment",
  "POST /v1/patients/:patient/segmentations": "segment",
  "POST /v1/patients/:patient/series": "segment",
  "POST /v1/receipts/replay": "segment",
  "POST /v1/masks": "segment",
  "POST /v1/masks/export": "segment",
  "POST /v1/masks/export/volume": "segment",
  "POST /v1/masks/read": "segment",
  "POST /v1/archive/series": "archive",
  "POST /v1/archive/instances": "archive",
  "GET /v1/models": "known",
  "GET /v1/audit": "admin",
  "GET /healthz": "open",
  "GET /readyz": "open",
  "GET /metrics": "admin",
  "GET /": "open",
  "GET /page/:file": "open",
  "GET /page/sample/:file": "open",
  "GET /page/libraries/:path{.+}": "open",
  "GET /docs": "open",
  "GET /docs/:file": "open",
  "GET /problems/:code": "open",
  "GET /openapi.json": "open",
};

/** What an operation of the OpenAPI document requires: `get` at `/v1/patients/{patient}`. */
export function needOf(method: string, path: string): Need | undefined {
  const pattern = path.replace(/\{(\w+)\}/g, ":$1");
  return NEEDS[`${method.toUpperCase()} ${pattern}`];
}

/**
 * Method, pattern and scope of every route that requires one.
 *
 * @throws when a route is missing in `NEEDS`: nothing is open because it was forgotten.
 */
export function scopesOf(routers: Router[]): [string, string, Scope][] {
  const routes = new Map(
    routers.flatMap((router) => router.routes)
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => [`${method} ${path}`, { method, path }]),
  );
  return Array.from(routes).flatMap(
    ([route, { method, path }]): [string, string, Scope][] => {
      const need = NEEDS[route];
      if (need === undefined) throw new Error(`${route} states no scope.`);
      return need === "open" || need === "known" ? [] : [[method, path, need]];
    },
  );
}

import type { Scope } from "../../lib/access/caller.ts";
import type { Router } from "../router.ts";

/** What a route asks of its callers: a scope, being known at all, or nothing. */
export type Need = Scope | "known" | "open";

/** What every route of the service needs; a route that is not named here stops the start. */
export const NEEDS: Record<string, Need> = {
  "POST /v1/embeddings": "encode",
  "GET /v1/embeddings/:id": "encode",
  "POST /v1/previews": "encode",
  "PUT /v1/patients/:patient/references/:reference": "enrol",
  "GET /v1/patients/:patient/references/:reference": "read",
  "DELETE /v1/patients/:patient/references/:reference": "erase",
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
  "GET /v1/models": "known",
  "GET /v1/audit": "admin",
  "GET /healthz": "open",
  "GET /readyz": "open",
  "GET /metrics": "admin",
  "GET /": "open",
  "GET /page/:file": "open",
  "GET /page/sample/:file": "open",
  "GET /docs": "open",
  "GET /docs/:file": "open",
  "GET /problems/:code": "open",
  "GET /openapi.json": "open",
};

/** What an operation of the OpenAPI document needs: `get` at `/v1/patients/{patient}`. */
export function needOf(method: string, path: string): Need {
  const pattern = path.replace(/\{(\w+)\}/g, ":$1");
  return NEEDS[`${method.toUpperCase()} ${pattern}`];
}

/**
 * Method, pattern and scope of every route that needs one.
 *
 * @throws when a route is not among `NEEDS`: nothing is open by being forgotten.
 */
export function scopesOf(routers: Router[]): [string, string, Scope][] {
  const routes = new Set(
    routers.flatMap((router) => router.routes)
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path}`),
  );
  return [...routes].flatMap((route): [string, string, Scope][] => {
    const need = NEEDS[route];
    if (need === undefined) throw new Error(`${route} states no scope.`);
    if (need === "open" || need === "known") return [];
    const [method, path] = route.split(" ");
    return [[method, path, need]];
  });
}

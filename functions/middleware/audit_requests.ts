import type { MiddlewareHandler } from "hono";
import type { AuditStore } from "../../lib/store/audit/audit_store.ts";
import { callerOf, type Env, type Router } from "../router.ts";
import { decodeName, patternOf, routeMethod } from "./routes.ts";
import { NEEDS } from "./scopes.ts";

/** The service's own contract, and the protocols of other programs. */
const AUDITED = /^\/(v1|monailabel|label-studio)\//;

/** The scopes of calls that change something. */
const CHANGES = new Set<string | undefined>(["enrol", "erase"]);

/**
 * Writes every call into the audit trail: a change before it is made, so that none is made unrecorded, and every call
 * before its answer leaves. A call that cannot be written is not answered. A path may name a person, so the trail has
 * its route and the tags of its names instead.
 */
export function auditRequests(
  audit: AuditStore,
  app: Router,
): MiddlewareHandler<Env> {
  let routes: { route: string; pattern: RegExp }[] | undefined;
  return async (c, next) => {
    routes ??= app.routes
      .filter(({ path }) => AUDITED.test(path) && !path.includes("*"))
      .map(({ method, path }) => ({
        route: `${method} ${path}`,
        pattern: patternOf(path),
      }));
    const { method, path } = c.req;
    const taken = routeMethod(method);
    const { route } =
      routes.find(({ route, pattern }) =>
        route.startsWith(`${taken} `) && pattern.test(path)
      ) ?? { route: `${taken} ?` };
    // It concerns no patient.
    if (NEEDS[route] === "known") return await next();
    const { tenant, caller } = callerOf(c);
    const event = {
      caller,
      operation: route.replace(taken, method),
      names: await tagNames(audit, tenant, route, path),
      request: c.get("requestId"),
    };
    if (CHANGES.has(NEEDS[route]) && taken !== "GET") {
      await audit.append(tenant, { ...event, phase: "begun", status: null });
    }
    await next();
    const { status } = c.res;
    await audit.append(tenant, { ...event, phase: "answered", status });
  };
}

/** The tags of the names in a path, which are the values of its route's parameters. */
async function tagNames(
  audit: AuditStore,
  tenant: string,
  route: string,
  path: string,
): Promise<string[]> {
  const names = path.split("/").map(decodeName);
  const tags: string[] = [];
  const pattern = route.slice(route.indexOf(" ") + 1);
  for (const [i, part] of pattern.split("/").entries()) {
    if (!part.startsWith(":")) continue;
    // A patient has the same tag on every route.
    const path = part === ":patient"
      ? ["patients", names[i]!]
      : names.slice(2, i + 1);
    tags.push(await audit.tag(tenant, ...path));
  }
  return tags;
}

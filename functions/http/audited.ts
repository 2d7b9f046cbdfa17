import type { MiddlewareHandler } from "hono";
import type { AuditStore } from "../../lib/store/types.ts";
import { callerOf } from "./caller.ts";
import type { Env, Router } from "./router.ts";

/** Calls that tell nothing of anybody. */
const UNTOLD = new Set(["models"]);
/** What a POST asks for that changes nothing of a patient but caches. */
const COMPUTED = new Set([
  "embeddings",
  "exports",
  "masks",
  "previews",
  "prompts",
  "segmentations",
  "series",
]);

/**
 * Writes every call into the trail: a change before it is made, so that none is made untold, and every
 * call before its answer leaves. A call that cannot be written is not answered. Only words of the app's
 * own routes are told; everything else in an address may name somebody.
 */
export function auditRequests(
  audit: AuditStore,
  app: Router,
): MiddlewareHandler<Env> {
  let known: Set<string> | undefined;
  return async (c, next) => {
    known ??= new Set(app.routes.flatMap(({ path }) => path.split("/")));
    const parts = c.req.path.split("/").slice(2);
    if (UNTOLD.has(parts[0])) return await next();
    const { tenant, caller } = callerOf(c);
    // Words and names take turns: /v1/patients/{}/references/{}.
    const words = parts.filter((_, i) => i % 2 === 0);
    const path = parts.map((part, i) =>
      i % 2 === 1 ? "{}" : known!.has(part) ? part : "?"
    );
    const names = await Promise.all(
      parts.flatMap((name, i) =>
        i % 2 === 0 ? [] : [audit.tag(
          tenant,
          ...parts.slice(0, i),
          decoded(name),
        )]
      ),
    );
    const event = {
      caller,
      operation: `${c.req.method} /v1/${path.join("/")}`,
      names,
      request: c.get("requestId"),
    };
    const changes = !["GET", "HEAD", "OPTIONS"].includes(c.req.method) &&
      !COMPUTED.has(words.at(-1)!);
    if (changes) {
      await audit.append(tenant, { ...event, phase: "begun", status: null });
    }
    await next();
    const { status } = c.res;
    await audit.append(tenant, { ...event, phase: "answered", status });
  };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

import { createRoute } from "@hono/zod-openapi";
import { AuditQuery } from "../contract/audit_trail.ts";
import { callerOf } from "../middleware/work.ts";
import { createRouter, type Router } from "../router.ts";
import { binary, problems } from "./segmentations/schema.ts";
import type { Services } from "../services.ts";

const read = createRoute({
  method: "get",
  path: "/v1/audit",
  operationId: "readAudit",
  tags: ["service"],
  summary: "The trail of what was called: a line of JSON an entry",
  request: { query: AuditQuery },
  responses: {
    200: {
      description:
        "Entries (schema AuditEntry), chain by chain; `deno task audit:trail` verifies a whole export",
      content: { "application/x-ndjson": binary },
    },
    ...problems(404, 422),
  },
});

/** The audit function: the tenant's trail. */
export function auditFunction({ audit }: Services): Router {
  return createRouter().openapi(read, async (c) => {
    const { after, limit, patient } = c.req.valid("query");
    const { tenant } = callerOf(c);
    const entries = await audit.read(tenant, { after, limit });
    const tag = patient && await audit.tag(tenant, "patients", patient);
    const shown = tag === undefined
      ? entries
      : entries.filter(({ names }) => names[0] === tag);
    const last = entries.at(-1);
    if (last !== undefined && entries.length === limit) {
      c.header("x-next-after", `${last.chain}.${last.seq}`);
    }
    const body = shown.map((entry) => JSON.stringify(entry) + "\n").join("");
    return c.body(body, 200, {
      "content-type": "application/x-ndjson",
      "cache-control": "no-store",
    }) as never;
  });
}

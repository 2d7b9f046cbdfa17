import { createRoute, z } from "@hono/zod-openapi";
import { binary, header } from "../contract/answers.ts";
import { PatientParams } from "../contract/parameters.ts";
import { problems } from "../contract/problems.ts";
import { callerOf, createRouter, type Router } from "../router.ts";
import type { Services } from "../services.ts";

/** Which entries of the trail. */
const AuditQuery = z.strictObject({
  after: z.string()
    .regex(
      /^[0-9a-z]{9}-[0-9a-f]{8}\.\d{1,15}$/,
      "must be chain.seq of an entry",
    )
    .transform((text): [string, number] => {
      const [chain = "", seq] = text.split(".");
      return [chain, Number(seq)];
    }).optional().openapi({
      type: "string",
      description:
        "`chain.seq` of the last entry of the page before, as its header x-next-after says",
    }),
  limit: z.string().regex(/^[1-9]\d{0,3}$|^10000$/, "must be from 1 to 10000")
    .transform(Number).default(1000)
    .openapi({ type: "integer", description: "Entries looked at" }),
  patient: PatientParams.shape.patient.optional().openapi({
    param: { name: "patient", in: "query" },
    description: "Only entries that concern this patient, erased or not",
  }),
});

const read = createRoute({
  method: "get",
  path: "/v1/audit",
  operationId: "readAudit",
  tags: ["service"],
  summary: "The audit trail: a line of JSON for each entry",
  request: { query: AuditQuery },
  responses: {
    200: {
      description:
        "Entries (schema AuditEntry), chain by chain; `deno task audit:trail` verifies a whole export",
      headers: {
        "x-next-after": header("Of a full page: the `after` of the next one"),
      },
      content: { "application/x-ndjson": binary },
    },
    ...problems(404, 422),
  },
});

/** The audit function: the tenant's audit trail. */
export function auditFunction({ audit }: Services): Router {
  return createRouter().openapi(read, async (c) => {
    const { after, limit, patient } = c.req.valid("query");
    const { tenant } = callerOf(c);
    const entries = await audit.read(
      tenant,
      after === undefined ? { limit } : { after, limit },
    );
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

import { deepEqual, equal, ok } from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { createApp } from "../../functions/app.ts";
import * as revisions from "../../functions/http/revisions.ts";
import * as schemas from "../../functions/http/schemas.ts";
import type { Services } from "../../functions/services.ts";
import { createTelemetry } from "../../lib/telemetry/telemetry.ts";

/** The document is of the routes alone: no model is needed. */
const services = {
  models: { all: [] },
  telemetry: createTelemetry(),
} as unknown as Services;
const documentOf = async (token?: string) => {
  const app = createApp(services, undefined, { token });
  return await (await app.request("/openapi.json")).json();
};
const operationsOf = (document: Record<string, unknown>) =>
  Object.entries(document.paths as Record<string, Record<string, Operation>>)
    .flatMap(([path, item]) =>
      Object.values(item).map((operation) => ({ ...operation, path }))
    );

interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  security?: unknown;
  responses: Record<string, {
    description: string;
    headers: Record<string, unknown>;
    content?: Record<
      string,
      { schema: { $ref?: string }; examples?: Record<string, unknown> }
    >;
  }>;
}

Deno.test("the OpenAPI document is valid, without a token and with one", async () => {
  for (const token of [undefined, "a-token-for-tests-only"]) {
    const { valid, errors } = await new Validator()
      .validate(await documentOf(token));
    ok(valid, JSON.stringify(errors));
  }
});

Deno.test("every operation and answer is described", async () => {
  const document = await documentOf();
  const operations = operationsOf(document);
  const ids = operations.map(({ operationId }) => operationId);
  equal(new Set(ids).size, ids.length);
  for (const { operationId, summary, tags, responses } of operations) {
    ok(/^[a-z][A-Za-z]+$/.test(operationId), operationId);
    ok(summary.length > 0 && tags.length === 1, operationId);
    for (const [status, answer] of Object.entries(responses)) {
      const what = `${operationId} ${status}`;
      ok(answer.description.length > 0, what);
      ok("x-request-id" in answer.headers, what);
      equal("retry-after" in answer.headers, status === "503", what);
      if (Number(status) < 400) continue;
      const { schema, examples } = answer.content!["application/problem+json"];
      equal(schema.$ref, "#/components/schemas/Problem");
      ok(Object.keys(examples!).length > 0, what);
    }
  }
  equal("security" in operations[0], false);
  equal(document.components.securitySchemes, undefined);
});

Deno.test("a token closes what the document says it closes", async () => {
  const token = "a-token-for-tests-only";
  const document = await documentOf(token);
  deepEqual(Object.keys(document.components.securitySchemes), ["token"]);
  const app = createApp(services, undefined, { token });
  for (const { path, security, responses } of operationsOf(document)) {
    const closed = path.startsWith("/v1/");
    deepEqual(security, closed ? [{ token: [] }] : undefined);
    equal("401" in responses, closed);
  }
  equal((await app.request("/v1/models")).status, 401);
});

Deno.test("examples keep to their schemas", async () => {
  const { components } = await documentOf();
  const byName = {
    Embedding: schemas.EmbeddingDocument,
    Reference: schemas.ReferenceDocument,
    Patient: revisions.PatientDocument,
    CandidatePrompts: schemas.PromptsDocument,
    Mask: schemas.MaskAnswerDocument,
    Segmentation: schemas.SegmentationDocument,
    SeriesLine: schemas.SeriesLine,
    Models: schemas.ModelsDocument,
    Status: schemas.StatusDocument,
    Problem: schemas.ProblemDocument,
    PointPrompt: schemas.PointPrompt,
  };
  for (const [name, schema] of Object.entries(byName)) {
    const { example } = components.schemas[name];
    deepEqual(schema.parse(example), example, name);
  }
});

Deno.test("generators of clients find `items` in every list", async () => {
  const search = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null) return;
    const { type, items, prefixItems } = value as Record<string, unknown>;
    if (type === "array") ok(items, path);
    equal(prefixItems, undefined, path);
    for (const [name, inner] of Object.entries(value)) {
      search(inner, `${path}/${name}`);
    }
  };
  search(await documentOf(), "");
});

Deno.test("the client's types are those of the document", async () => {
  const generator = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "npm:openapi-typescript@7.13.0",
      "--array-length",
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = generator.stdin.getWriter();
  const document = JSON.stringify(await documentOf());
  await writer.write(new TextEncoder().encode(document));
  await writer.close();
  const { stdout, success } = await generator.output();
  ok(success);
  const committed = Deno.readTextFileSync(
    new URL("../../lib/client/api.ts", import.meta.url),
  );
  const generated = new TextDecoder().decode(stdout);
  ok(generated === committed, "they differ: run `deno task client`");
});

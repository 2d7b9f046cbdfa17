import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { createApp } from "../../functions/app.ts";
import { createRouter } from "../../functions/router.ts";
import { NEEDS } from "../../functions/middleware/scopes.ts";
import { PointPrompt } from "../../functions/contract/points.ts";
import { ProblemDocument } from "../../functions/contract/problems.ts";
import { EmbeddingDocument } from "../../functions/resources/embeddings.ts";
import { StatusDocument } from "../../functions/resources/health.ts";
import { MaskAnswerDocument } from "../../functions/resources/masks.ts";
import { ModelsDocument } from "../../functions/resources/models.ts";
import { PatientDocument } from "../../functions/resources/patients.ts";
import { PromptsDocument } from "../../functions/resources/prompts.ts";
import { ReferenceDocument } from "../../functions/resources/references/schema.ts";
import { SegmentationDocument } from "../../functions/resources/segmentations/schema.ts";
import {
  CocoDocument,
  SeriesLine,
} from "../../functions/resources/series/schema.ts";
import type { Services } from "../../functions/services.ts";
import {
  type Authenticator,
  createAuthenticator,
} from "../../lib/access/authenticator.ts";
import { createTelemetry } from "../../lib/telemetry/telemetry.ts";

/** The document describes only routes: no model is needed. */
const services = {
  models: { all: [] },
  telemetry: createTelemetry(),
} as unknown as Services;
const ACCESS = createAuthenticator({ hostSecret: "a-token-for-tests-only" });
const patternOf = (path: string) => path.replace(/\{(\w+)\}/g, ":$1");
const documentOf = async (access?: Authenticator) => {
  const app = createApp(services, undefined, access ? { access } : {});
  return await (await app.request("/openapi.json")).json();
};
const operationsOf = (document: Record<string, unknown>) =>
  Object.entries(document.paths as Record<string, Record<string, Operation>>)
    .flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        ...operation,
        method,
        path,
      }))
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

Deno.test("the OpenAPI document is valid, without keys and with them", async () => {
  for (const access of [undefined, ACCESS]) {
    const { valid, errors } = await new Validator()
      .validate(await documentOf(access));
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
      equal(
        "retry-after" in answer.headers,
        status === "503" || status === "429",
        what,
      );
      if (Number(status) < 400) continue;
      const { schema, examples } = answer.content!["application/problem+json"];
      equal(schema.$ref, "#/components/schemas/Problem");
      ok(Object.keys(examples!).length > 0, what);
    }
  }
});

Deno.test("keys close what the document says they close, each operation by its scope", async () => {
  const { components } = await documentOf(ACCESS);
  deepEqual(Object.keys(components.securitySchemes), ["token", "key"]);
  for (const access of [undefined, ACCESS]) {
    for (const operation of operationsOf(await documentOf(access))) {
      const { method, path, security, responses } = operation;
      const need = NEEDS[`${method.toUpperCase()} ${patternOf(path)}`];
      const named = need === "known" ? [] : [need];
      const either = [{ token: named }, { key: named }];
      const wanted = access === undefined ? [{}, ...either] : either;
      deepEqual(security, need === "open" ? undefined : wanted, path);
      equal("401" in responses, need !== "open");
      equal("403" in responses, need !== "open");
    }
  }
});

Deno.test("a route that states no scope stops the start", () => {
  const forgetful = () =>
    createRouter().get("/v1/forgotten", (c) => c.text(""));
  throws(
    () => createApp(services, [forgetful as never]),
    /GET \/v1\/forgotten states no scope/,
  );
});

Deno.test("examples match their schemas", async () => {
  const { components } = await documentOf();
  const byName = {
    Embedding: EmbeddingDocument,
    Reference: ReferenceDocument,
    Patient: PatientDocument,
    CandidatePrompts: PromptsDocument,
    Mask: MaskAnswerDocument,
    Segmentation: SegmentationDocument,
    SeriesLine,
    CocoSeries: CocoDocument,
    Models: ModelsDocument,
    Status: StatusDocument,
    Problem: ProblemDocument,
    PointPrompt,
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
  const document = await documentOf() as Parameters<typeof openapiTS>[0];
  const types = await openapiTS(document, { arrayLength: true });
  const committed = Deno.readTextFileSync(
    new URL("../../lib/client/api.ts", import.meta.url),
  );
  const generated = COMMENT_HEADER + astToString(types);
  ok(generated === committed, "they differ: run `deno task client`");
});

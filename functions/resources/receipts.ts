import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { EdgeError } from "../../lib/core/errors.ts";
import { Receipt, requireUnchanged } from "../../lib/receipt/receipt.ts";
import { replay } from "../../lib/receipt/replay.ts";
import type { Enrolled } from "../../lib/store/profiles/reference.ts";
import { defineForm, file, jsonField, optional, text } from "../body/form.ts";
import { embeddingField } from "../body/image.ts";
import { header, json, MODEL } from "../contract/answers.ts";
import { MASK, MaskBody } from "../contract/masks.ts";
import { PatientParams } from "../contract/parameters.ts";
import {
  FaultDocument,
  faultsOf,
  invalid,
  problems,
} from "../contract/problems.ts";
import { callerOf, createRouter, type Router, workOf } from "../router.ts";
import type { Services } from "../services.ts";

const digest = (digit: string) => digit.repeat(64);
export const RECEIPT = {
  id: digest("5"),
  format: 1,
  model: MODEL,
  input: {
    kind: "image",
    sha256: digest("1"),
    frame: null,
    width: 384,
    height: 384,
    embedding: digest("2"),
  },
  profile: {
    label: "target",
    digest: digest("3"),
    references: [{ reference: "visit-1", sha256: digest("3") }],
  },
  parameters: {
    recipe: "medical",
    parts: [1, 2, 3, 4, 5],
    negatives: [1],
    guided: false,
    passes: 3,
    position: null,
  },
  runtime: {
    name: "wasm",
    onnxruntime: "1.30.0",
    threads: 2,
    encoder: "local",
    deno: "2.9.6",
    v8: "14.9.207.2-rusty",
    platform: "x86_64-unknown-linux-gnu",
  },
  version: "0.1.0",
  mask: { sha256: digest("4"), area: 2814 },
};

// Made anew: zod may have made the schema of `lib` before it was extended with OpenAPI.
const { parameters } = Receipt.shape;

export const ReceiptDocument = z.strictObject({
  ...Receipt.shape,
  parameters: parameters.extend({
    // Generated clients lose what is of one of two types.
    negatives: z.unknown().pipe(parameters.shape.negatives).openapi({
      description: "Numbers of negative prototypes, or `least`",
    }),
  }),
  // Generated clients read enumerations of texts alone.
  format: z.literal(1).openapi({
    type: "integer",
    enum: undefined as never,
    minimum: 1,
    maximum: 1,
  }),
}).openapi(
  "Receipt",
  {
    description:
      "What an answer was made of, to be replayed. `id` is the sha256 of the rest as canonical JSON (RFC 8785), " +
      'which finds mistakes but is not a signature; `mask.sha256` is that of `{"counts","size"}`. It names no patient.',
    example: RECEIPT,
  },
);

/** A replay that gave the identical mask. */
export const ReplayDocument = z.object({
  identical: z.literal(true).openapi({
    type: "boolean",
    enum: undefined as never,
  }),
  mask: MaskBody,
  notes: z.array(FaultDocument).describe(
    "What differs from the receipt and made no difference: runtime, versions, another file of the same pixels",
  ),
}).openapi("Replay", {
  example: {
    identical: true,
    mask: MASK,
    notes: [{
      path: "receipt.runtime.threads",
      message: "runtime.threads is 1, was 2",
      expected: "2",
      actual: "1",
    }],
  },
});

/** Longest header that holds a receipt; proxies may refuse longer ones. */
const MAX_HEADER = 6000;

/** Headers of an answer whose body is only a mask, for the OpenAPI document. */
export const receiptHeaders = {
  "x-receipt": header(
    `Of an answer other than JSON: its receipt's JSON in base64url; left out above ${MAX_HEADER} characters`,
  ),
  "x-receipt-id": header("Of an answer other than JSON: its receipt's id"),
};

/** Puts a receipt into the headers. */
export function sendReceipt(c: Context, receipt: Receipt): void {
  c.header("x-receipt-id", receipt.id);
  const text = new TextEncoder().encode(JSON.stringify(receipt))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  if (text.length <= MAX_HEADER) c.header("x-receipt", text);
}

/** A receipt of a thousand references fits. */
const MAX_BYTES = 256 * 1024;

/** A receipt in a form. */
export const receiptField = (note?: string) =>
  jsonField("Receipt", Receipt, {
    maxBytes: MAX_BYTES,
    ...(note !== undefined && { note }),
  });

const ReplayForm = defineForm({
  receipt: receiptField(),
  patient: text(PatientParams.shape.patient, {
    type: "string",
    description: "Whose references they were; a receipt does not say",
  }),
  image: optional(file(
    "The image file; the receipt states its frame. Or give `embedding`",
  )),
  embedding: embeddingField,
}, { either: [["image", "embedding"]] });

const route = createRoute({
  method: "post",
  path: "/v1/receipts/replay",
  operationId: "replayReceipt",
  tags: ["patients"],
  summary: "Make a mask again from its receipt",
  description:
    "Runs what the receipt states on the same image, without any cache, and compares the masks. What " +
    "changed is reported in `errors` of a 409, with what was expected and what was found. Nothing is stored.",
  request: { body: { required: true, content: ReplayForm.content } },
  responses: {
    200: json(ReplayDocument, "The identical mask"),
    ...problems(400, 404, 409, 413, 415, 422, 502, 503),
  },
});

/** The receipts function: a receipt and its input → the identical mask, or what changed. */
export function receiptsFunction(services: Services): Router {
  const { models, environment } = services;
  return createRouter().openapi(route, async (c) => {
    const { tenant } = callerOf(c);
    const { receipt, patient, image, embedding } = await ReplayForm.read(c);
    await requireIntact(receipt);
    // Of image and embedding, the form has one.
    const input = embedding === undefined
      ? image!
      : { embedding: await models.default.embedder.recall(tenant, embedding) };
    const { profile: { label }, model: { digest } } = receipt;
    const found = await findReferences(services, tenant, patient, receipt);
    const { mask, notes } = await replay(receipt, {
      models: models.all.map(({ manifest: { id, digest }, engineFor }) => ({
        id,
        digest,
        engine: engineFor(workOf(c)),
      })),
      profiles: found.map((enrolled) =>
        enrolled?.reference.label === label &&
          enrolled.reference.model === digest
          ? enrolled.profile
          : null
      ),
      input,
      environment,
    });
    return c.json(
      { identical: true as const, mask, notes: faultsOf(notes) },
      200,
    );
  });
}

/** The references that a receipt names: from the revision that answered if it is still kept, else the current ones. */
async function findReferences(
  { profiles }: Services,
  tenant: string,
  patient: string,
  { profile: { label, revision, references }, model }: Receipt,
): Promise<(Enrolled | null)[]> {
  const kept = revision === undefined ? null : await profiles.profile(
    tenant,
    patient,
    label,
    { revision, model: model.digest },
  );
  return await Promise.all(
    references.map(async ({ reference }) =>
      kept?.enrolled.find((one) => one.reference.reference === reference) ??
        await profiles.get(tenant, patient, reference)
    ),
  );
}

/** @throws EdgeError `validation` for a receipt that does not match its id. */
export async function requireIntact(receipt: Receipt): Promise<void> {
  try {
    await requireUnchanged(receipt);
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error;
    const { message } = error;
    throw invalid("body", [{ path: ["receipt", "id"], message }]);
  }
}

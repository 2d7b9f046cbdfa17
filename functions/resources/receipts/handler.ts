import { createRoute } from "@hono/zod-openapi";
import { EdgeError } from "../../../lib/core/errors.ts";
import { Receipt, requireUnchanged } from "../../../lib/receipt/receipt.ts";
import { replay } from "../../../lib/receipt/replay.ts";
import type { Enrolled } from "../../../lib/store/profiles/profile_store.ts";
import {
  defineForm,
  file,
  json as jsonField,
  optional,
  text,
} from "../../body/form.ts";
import { json } from "../../contract/answers.ts";
import { EmbeddingId, PatientParams } from "../../contract/parameters.ts";
import { faultsOf, invalid, problems } from "../../contract/problems.ts";
import { callerOf, createRouter, type Router, workOf } from "../../router.ts";
import type { Services } from "../../services.ts";
import { ReplayDocument } from "./schema.ts";

const ReplayForm = defineForm({
  // A receipt of a thousand references fits.
  receipt: jsonField("Receipt", Receipt, { maxBytes: 256 * 1024 }),
  patient: text(PatientParams.shape.patient, {
    type: "string",
    description: "Whose references they were; a receipt does not say",
  }),
  image: optional(file(
    "The image file, of which the receipt states the frame; or give `embedding`",
  )),
  embedding: text(EmbeddingId.optional(), {
    type: "string",
    description: "Id of a cached embedding",
  }),
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
    ...problems(400, 404, 409, 413, 415, 422, 503),
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
async function requireIntact(receipt: Receipt): Promise<void> {
  try {
    await requireUnchanged(receipt);
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error;
    const { message } = error;
    throw invalid("body", [{ path: ["receipt", "id"], message }]);
  }
}

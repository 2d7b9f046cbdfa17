import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { EdgeError } from "../../../lib/core/errors.ts";
import { Receipt, requireUnchanged } from "../../../lib/receipt/receipt.ts";
import { type Given, replay } from "../../../lib/receipt/replay.ts";
import {
  fileOf,
  type FormValue,
  parseJson,
  readForm,
  requireOne,
  textOf,
} from "../../body/form.ts";
import { callerOf, workOf } from "../../middleware/work.ts";
import { ReplayDocument, ReplayFields } from "../../contract/replay.ts";
import { createRouter, invalid, type Router } from "../../router.ts";
import { binary, json, problems } from "../segmentations/schema.ts";
import type { Services } from "../../services.ts";

/** Longest receipt, bytes: one of a thousand references fits. */
const MAX_RECEIPT = 256 * 1024;

const route = createRoute({
  method: "post",
  path: "/v1/receipts/replay",
  operationId: "replayReceipt",
  tags: ["patients"],
  summary: "Make a mask again from its receipt",
  description:
    "Runs what the receipt states on the same image, with no cache between, and compares the masks. What " +
    "changed is told in `errors` of a 409, with what was expected and what is there. Nothing is stored.",
  request: {
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          schema: {
            type: "object",
            properties: {
              receipt: {
                type: "string",
                description: "JSON by the schema Receipt",
                contentMediaType: "application/json",
                contentSchema: { $ref: "#/components/schemas/Receipt" },
              } as never,
              patient: {
                type: "string",
                description: "Whose references it was; no receipt says",
              },
              image: {
                ...binary.schema,
                description:
                  "The image file, of which the receipt states the frame; or give `embedding`",
              },
              embedding: {
                type: "string",
                description: "Id of a cached embedding",
              },
            },
            required: ["receipt", "patient"],
          },
        },
      },
    },
  },
  responses: {
    200: json(ReplayDocument, "The identical mask"),
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
});

/** The receipts function: a receipt and its input → the identical mask, or what changed. */
export function receiptsFunction(services: Services): Router {
  const { models, profiles, environment } = services;

  return createRouter().openapi(route, async (c) => {
    const { tenant } = callerOf(c);
    const { receipt, patient, input } = await readReplay(c, async (id) => ({
      embedding: await models.default.embedder.recall(tenant, id),
    }));
    const { profile: { references, label, revision }, model } = receipt;
    // The revision that answered, where it is kept; else what is there now.
    const kept = revision === undefined ? null : await profiles.profile(
      tenant,
      patient,
      label,
      { revision, model: model.digest },
    );
    const found = await Promise.all(
      references.map(async ({ reference }) =>
        kept?.enrolled.find((one) => one.reference.reference === reference) ??
          await profiles.get(tenant, patient, reference)
      ),
    );
    const { mask, notes } = await replay(receipt, {
      models: models.all.map(({ manifest: { id, digest }, engineFor }) => ({
        id,
        digest,
        engine: engineFor(workOf(c)),
      })),
      profiles: found.map((enrolled) =>
        enrolled?.reference.label === label &&
          enrolled.reference.model === model.digest
          ? enrolled.profile
          : null
      ),
      input,
      environment,
    });
    const told = notes.map((note) => ({
      ...note,
      path: `receipt.${note.path}`,
    }));
    return c.json({ identical: true as const, mask, notes: told }, 200);
  });
}

/** What a replay is asked with. */
async function readReplay(
  c: Context,
  recall: (id: string) => Promise<Given["input"]>,
) {
  const { receipt: text, image, ...fields } = await readForm(c, [
    "receipt",
    "patient",
    "image",
    "embedding",
  ]);
  const parsed = ReplayFields.safeParse(fields);
  if (!parsed.success) throw invalid("body", parsed.error.issues);
  const { patient, embedding } = parsed.data;
  requireOne("image", image, "embedding", embedding);
  const receipt = await readReceipt(text);
  const input = embedding === undefined
    ? fileOf(image, "image")
    : await recall(embedding);
  return { receipt, patient, input };
}

async function readReceipt(field: FormValue | undefined): Promise<Receipt> {
  const wrong = (message: string) =>
    invalid("body", [{ path: ["receipt"], message }]);
  if (field === undefined) throw wrong("is missing");
  const { length } = typeof field === "string" ? field : field.bytes;
  if (length > MAX_RECEIPT) throw wrong(`is longer than ${MAX_RECEIPT} bytes`);
  const receipt = parseJson(textOf(field), Receipt, "body.receipt");
  try {
    await requireUnchanged(receipt);
  } catch (error) {
    if (error instanceof EdgeError) {
      throw invalid("body", [{
        path: ["receipt", "id"],
        message: error.message,
      }]);
    }
    throw error;
  }
  return receipt;
}

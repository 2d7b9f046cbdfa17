import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import type { ServedModel } from "../../../lib/engine/catalogue.ts";
import type { AddressedEmbedding } from "../../../lib/engine/embedder.ts";
import type { InputFile } from "../../../lib/engine/engine.ts";
import { TISSUE } from "../../../lib/dicom/segmentation/write.ts";
import { sniffMediaType } from "../../../lib/image/media_type.ts";
import { RECIPES } from "../../../lib/pipeline/recipe.ts";
import { chooseReferences } from "../../patients/choose_references.ts";
import { mediaTypeOf, parseJson, readImage } from "../../body/form.ts";
import { callerOf, workOf } from "../../middleware/work.ts";
import { presenceHeaders, stateHeaders } from "../../contract/presence.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { describeChoice } from "../../contract/references_used.ts";
import { receiptHeaders, sendReceipt } from "../receipts/schema.ts";
import { createRouter, type Env, type Router } from "../../router.ts";
import {
  binary,
  EmbeddingReference,
  imageBody,
  PatientParams,
  problems,
  SegmentationDocument,
  SegmentQuery,
} from "./schema.ts";
import { describeSegmentation } from "./presenter.ts";
import { keepFor } from "../../patients/keep_embedding.ts";
import { profilesOf } from "../../patients/find_profile.ts";
import { sourceOf, withReceipt } from "../../patients/segment_with_receipt.ts";
import type { Services } from "../../services.ts";

const segmentRoute = createRoute({
  method: "post",
  path: "/v1/patients/{patient}/segmentations",
  operationId: "segmentImage",
  tags: ["patients"],
  summary: "Segment a new image of a patient",
  request: {
    params: PatientParams,
    query: SegmentQuery,
    body: {
      required: true,
      content: {
        ...imageBody,
        // Not the zod schema: with it the router would refuse bodies of other types.
        "application/json": {
          schema: {
            type: "object" as const,
            properties: {
              embedding: {
                type: "string" as const,
                description: "Id of an embedding",
              },
            },
            required: ["embedding"],
          },
        },
      },
    },
  },
  responses: {
    200: {
      description:
        "The structure: JSON, the mask alone, or a DICOM segmentation that refers to the DICOM image sent, or a gzipped NIfTI volume of the mask in the place of the volume sent",
      headers: { ...receiptHeaders, ...presenceHeaders },
      content: {
        "application/json": { schema: SegmentationDocument },
        "image/png": binary,
        "application/dicom": binary,
        "application/x-nifti": binary,
      },
    },
    ...problems(400, 404, 406, 409, 413, 415, 422, 503),
  },
});

/** The segment function: the whole road from image to mask. */
export function segmentFunction(services: Services): Router {
  const { models } = services;

  const embeddingOf = async (
    c: Context<Env>,
    model: ServedModel,
    whose: { tenant: string; patient: string },
    type: AnswerType,
    frame?: number,
  ): Promise<AddressedEmbedding & { file?: InputFile }> => {
    if (mediaTypeOf(c) === "application/json") {
      requireSource(type);
      const text = await c.req.text();
      const { embedding } = parseJson(text, EmbeddingReference, "body");
      const cached = await models.recall(whose.tenant, model, embedding);
      await keepFor(services, model.embedder, whose, cached);
      return cached;
    }
    const file = await readImage(c, frame);
    requireSource(type, file);
    const work = workOf(c);
    const made = await model.embedder.embed(work, file);
    await keepFor(services, model.embedder, whose, made);
    return { ...made, file };
  };

  return createRouter().openapi(segmentRoute, async (c) => {
    const { patient } = c.req.valid("param");
    const { label, explain, recipe, frame, ...query } = c.req.valid("query");
    const { references: choice, position } = query;
    const model = models.choose(query.model);
    const type = answerType(c);
    c.header("vary", "accept");
    const { tenant } = callerOf(c);
    const profile = await profilesOf(services, model, {
      tenant,
      patient,
      label,
      revision: query.revision,
    });
    const { revision } = profile;
    const chosen = chooseReferences(profile.enrolled, choice, position);
    const { enrolled, combine } = chosen;

    const started = performance.now();
    const { file, ...embedding } = await embeddingOf(
      c,
      model,
      { tenant, patient },
      type,
      frame,
    );
    const encode = performance.now() - started;
    const segmenting = model.engineFor(workOf(c)).segment(
      embedding.bytes,
      enrolled.map(({ profile }) => profile),
      {
        png: type === "image/png",
        ...((type === "application/dicom" || type === "application/x-nifti") &&
          {
            own: {
              image: file!,
              segment: {
                label,
                category: query.category ?? TISSUE,
                property: query.property ?? TISSUE,
                region: query.region,
              },
            },
          }),
        recipe: RECIPES[recipe],
        combine,
        every: explain,
        trace: explain,
      },
    );
    const { answer, receipt } = await withReceipt(
      services,
      model,
      enrolled,
      {
        source: sourceOf(file),
        embedding,
        label,
        revision,
        recipe,
        combine,
        position: choice === "position" ? position : undefined,
      },
      segmenting,
    );
    const body = answer.png ?? answer.own;
    if (body !== null) {
      stateHeaders(c, answer.presence);
      sendReceipt(c, receipt);
      if (type === "application/x-nifti") {
        c.header("content-disposition", 'attachment; filename="mask.nii.gz"');
      }
      return c.body(body, 200, { "content-type": type }) as never;
    }

    const document = describeSegmentation(answer, {
      patient,
      label,
      explain,
      manifest: model.manifest,
      enrolled,
      profile: describeChoice(chosen, revision),
      encode,
      receipt,
    });
    return c.json(document, 200);
  });
}

const ANSWER_TYPES = [
  "application/json",
  "image/png",
  "application/dicom",
  "application/x-nifti",
] as const;
type AnswerType = typeof ANSWER_TYPES[number];

/** What the Accept header prefers; JSON where it leaves the choice. */
function answerType(c: Context): AnswerType {
  if (!c.req.header("accept")) return "application/json";
  const type = accepts(c, {
    header: "Accept",
    supports: [...ANSWER_TYPES, "application/*", "*/*", "image/*"],
    default: "none",
  });
  if (type === "none") {
    throw new EdgeError(
      "not-acceptable",
      `A segmentation is answered as ${ANSWER_TYPES.join(" or ")}.`,
    );
  }
  const named = ANSWER_TYPES.find((known) => known === type);
  return named ?? (type === "image/*" ? "image/png" : "application/json");
}

/** A DICOM or NIfTI answer refers to the file that it was drawn on, which must be of its kind. */
function requireSource(type: AnswerType, file?: InputFile): void {
  const kind = type === "application/dicom"
    ? "a DICOM image"
    : type === "application/x-nifti"
    ? "a NIfTI volume"
    : null;
  if (kind === null || (file && sniffMediaType(file.bytes) === type)) return;
  throw new EdgeError(
    "not-acceptable",
    `An answer of ${type} takes its geometry from the image: send ${kind}, not ` +
      `${file === undefined ? "an embedding" : "an image of another type"}; ` +
      "or accept application/json or image/png.",
  );
}

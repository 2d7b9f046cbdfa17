import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { EdgeError } from "../../../lib/core/errors.ts";
import { TISSUE } from "../../../lib/dicom/segmentation/segment_description.ts";
import { recipeOf, type ServedModel } from "../../../lib/engine/catalogue.ts";
import type { AddressedEmbedding } from "../../../lib/engine/embedder.ts";
import type { InputFile } from "../../../lib/engine/engine.ts";
import type { DicomForm } from "../../../lib/format/mask/dicom_masks.ts";
import { sourceTypeOf } from "../../../lib/format/mask/source_format.ts";
import {
  imageBody,
  ImageOrEmbedding,
  readImage,
  withFrame,
} from "../../body/image.ts";
import { mediaTypeOf } from "../../body/media_type.ts";
import { binary } from "../../contract/answers.ts";
import {
  acceptedType,
  isPlaced,
  PLACED_FORMS,
  type PlacedType,
  RTSTRUCT,
} from "../../contract/accept.ts";
import { storedHeaders } from "../../contract/archive.ts";
import { PatientParams } from "../../contract/parameters.ts";
import { problems } from "../../contract/problems.ts";
import { sendWarnings, warningHeaders } from "../../contract/warnings.ts";
import {
  callerOf,
  createRouter,
  type Env,
  type Router,
  workOf,
} from "../../router.ts";
import { chooseReferences } from "../../patients/choose_references.ts";
import { findProfile } from "../../patients/find_profile.ts";
import { archiveOf } from "../../middleware/archive.ts";
import { keepEmbedding } from "../../patients/keep_embedding.ts";
import {
  segmentWithReceipt,
  sourceOf,
} from "../../patients/segment_with_receipt.ts";
import { requireArchived } from "../../patients/require_archived.ts";
import type { Services } from "../../services.ts";
import { receiptHeaders, sendReceipt } from "../receipts.ts";
import {
  describeSegmentation,
  presenceHeaders,
  sendPresence,
} from "./presenter.ts";
import { SegmentationDocument, SegmentQuery } from "./schema.ts";

const ANSWER_TYPES = [
  "application/json",
  "image/png",
  "application/dicom",
  RTSTRUCT,
  "application/x-nifti",
] as const;
type AnswerType = typeof ANSWER_TYPES[number];

/** What a file must be for an answer in its source format. */
const SOURCES = new Map<AnswerType, string>([
  ["application/dicom", "a DICOM image"],
  [RTSTRUCT, "a DICOM image"],
  ["application/x-nifti", "a volume (NIfTI, NRRD or MetaImage)"],
]);

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
        "application/json": ImageOrEmbedding.content["application/json"],
      },
    },
  },
  responses: {
    200: {
      description:
        "The structure: JSON, the mask alone, or a DICOM segmentation or structure set (RTSTRUCT) that refers to the " +
        "DICOM image sent, or a gzipped NIfTI volume of the mask in the place of the volume sent",
      headers: {
        ...receiptHeaders,
        ...presenceHeaders,
        ...warningHeaders,
        ...storedHeaders,
      },
      content: {
        "application/json": { schema: SegmentationDocument },
        "image/png": binary,
        "application/dicom": binary,
        [RTSTRUCT]: binary,
        "application/x-nifti": binary,
      },
    },
    ...problems(400, 404, 406, 409, 413, 415, 422, 502, 503),
  },
});

/** The segment function: from image to mask, end to end. */
export function segmentFunction(services: Services): Router {
  const { models } = services;

  /** The embedding of the image in the body, or the cached one that the body names. */
  const readEmbedding = async (
    c: Context<Env>,
    model: ServedModel,
    type: AnswerType,
    { frame, store }: { frame?: number | undefined; store: boolean },
  ): Promise<{ made: AddressedEmbedding; image?: InputFile }> => {
    const isJson = mediaTypeOf(c) === "application/json";
    const { image: file, embedding } = isJson
      ? await ImageOrEmbedding.read(c)
      : { image: await readImage(c, undefined), embedding: undefined };
    const image = file && withFrame(file, frame);
    requireSource(type, image);
    requireArchived(store, file !== undefined && "archived" in file);
    if (image === undefined) {
      const { tenant } = callerOf(c);
      // The body has one of the two.
      return { made: await models.recall(tenant, model, embedding!) };
    }
    return { made: await model.embedder.embed(workOf(c), image), image };
  };

  return createRouter().openapi(segmentRoute, async (c) => {
    const { patient } = c.req.valid("param");
    const query = c.req.valid("query");
    const { label, explain, position } = query;
    const model = models.choose(query.model);
    const recipe = recipeOf(model, query.recipe);
    const type = acceptedType(c, ANSWER_TYPES, RANGES, "A segmentation");
    c.header("vary", "accept");
    const { tenant } = callerOf(c);
    const whose = { tenant, patient, label, revision: query.revision };
    const { revision, enrolled } = await findProfile(services, model, whose);
    const chosen = chooseReferences(enrolled, query.references, position);

    const started = performance.now();
    const { made, image } = await readEmbedding(c, model, type, query);
    await keepEmbedding(services, model.embedder, whose, made);
    const encode = performance.now() - started;
    const { category = TISSUE, property = TISSUE, region } = query;
    const segment = { label, category, property, ...(region && { region }) };
    const asked = {
      source: sourceOf(image),
      embedding: made,
      label,
      revision,
      recipe,
      chosen,
      position: chosen.choice === "position" ? position : undefined,
      explain,
    };
    const { answer, receipt } = await segmentWithReceipt(
      services,
      model,
      workOf(c),
      asked,
      {
        png: type === "image/png",
        ...(image && (isPlaced(type) || query.store) && {
          source: { image, segment, form: formOf(type) },
        }),
      },
    );
    const { png, inSourceFormat, presence } = answer;
    const stored = query.store && presence.present
      ? await archiveOf(services, c).store(inSourceFormat!, workOf(c).signal)
      : null;
    const file = png ?? (isPlaced(type) ? inSourceFormat : null);
    if (file !== null) {
      sendPresence(c, presence);
      if (stored) c.header("x-stored-instance", stored.instance);
      sendReceipt(c, receipt);
      sendWarnings(c, made.warnings);
      if (type === "application/x-nifti") {
        c.header("content-disposition", 'attachment; filename="mask.nii.gz"');
      }
      return c.body(file, 200, { "content-type": type }) as never;
    }
    const context = { ...asked, patient, encode, receipt };
    const described = describeSegmentation(answer, context);
    return c.json(
      query.store ? { ...described, stored } : described,
      200,
    );
  });
}

/** What is meant by a range of types. */
const RANGES = {
  "application/*": "application/json",
  "image/*": "image/png",
} as const;

/** The form of a DICOM answer; what is stored beside another answer is a segmentation. */
function formOf(type: AnswerType): DicomForm | undefined {
  return type === RTSTRUCT ? "rtstruct" : undefined;
}

/** A DICOM or NIfTI answer refers to the image that was sent, which must be a DICOM image or a volume. */
function requireSource(type: AnswerType, image?: InputFile): void {
  const kind = SOURCES.get(type);
  if (kind === undefined) return;
  const [mediaType] = type.split(";");
  if (image !== undefined && sourceTypeOf(image.bytes) === mediaType) return;
  throw new EdgeError(
    "not-acceptable",
    `An answer of ${type} takes its geometry from the image: send ${kind}, not ` +
      `${image === undefined ? "an embedding" : "an image of another type"}; ` +
      "or accept application/json or image/png.",
  );
}

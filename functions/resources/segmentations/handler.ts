import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { EdgeError } from "../../../lib/core/errors.ts";
import type { Warning } from "../../../lib/core/warnings.ts";
import { readSubject } from "../../../lib/dicom/data_set/subject.ts";
import { TISSUE } from "../../../lib/dicom/segmentation/segment_description.ts";
import { recipeOf, type ServedModel } from "../../../lib/engine/catalogue.ts";
import type { AddressedEmbedding } from "../../../lib/engine/embedder.ts";
import type { InputFile } from "../../../lib/engine/engine.ts";
import type { DicomForm } from "../../../lib/format/mask/dicom_masks.ts";
import { inOrder } from "../../../lib/series/in_order.ts";
import { sourceTypeOf } from "../../../lib/format/mask/source_format.ts";
import {
  imageBody,
  ImageOrEmbedding,
  readImage,
  withFrame,
} from "../../body/image.ts";
import { mediaTypeOf } from "../../body/media_type.ts";
import { acceptedType, isPlaced, RTSTRUCT } from "../../contract/accept.ts";
import { storedHeaders } from "../../contract/archive.ts";
import { binary, json } from "../../contract/answers.ts";
import { PatientParams } from "../../contract/parameters.ts";
import { invalid, problems } from "../../contract/problems.ts";
import { sendWarnings, warningHeaders } from "../../contract/warnings.ts";
import { describeProblem } from "../../middleware/answer_problem.ts";
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
import { otherPatient, warnOfOther } from "../../patients/other_patient.ts";
import { requireArchived } from "../../patients/require_archived.ts";
import type { Services } from "../../services.ts";
import { receiptHeaders, sendReceipt } from "../receipts.ts";
import {
  describeSegmentation,
  presenceHeaders,
  type SegmentationContext,
  sendPresence,
} from "./presenter.ts";
import {
  ALL_LABELS,
  SegmentationDocument,
  SegmentedLabelsDocument,
  SegmentQuery,
} from "./schema.ts";

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
        "The structure: JSON, only the mask, or a DICOM segmentation or structure set (RTSTRUCT) that refers to the " +
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
    207: json(
      SegmentedLabelsDocument,
      "With `label=*`: the segmentation of every label, each with its receipt, or why there is none",
    ),
    ...problems(400, 404, 406, 409, 413, 415, 422, 502, 503),
  },
});

/** The segment function: from image to mask, end to end. */
export function segmentFunction(services: Services): Router {
  const { models, profiles } = services;

  /** The embedding of the image in the body, or the cached one that the body names. */
  const readEmbedding = async (
    c: Context<Env>,
    model: ServedModel,
    type: AnswerType,
    patient: string,
    { frame, store }: { frame?: number | undefined; store: boolean },
  ): Promise<
    { made: AddressedEmbedding; image?: InputFile; doubts: Warning[] }
  > => {
    const isJson = mediaTypeOf(c) === "application/json";
    const { image: file, embedding } = isJson
      ? await ImageOrEmbedding.read(c)
      : { image: await readImage(c, undefined), embedding: undefined };
    const image = file && withFrame(file, frame);
    requireSource(type, image);
    requireArchived(store, file !== undefined && "archived" in file);
    const { tenant } = callerOf(c);
    if (image === undefined) {
      // The body has one of the two.
      const made = await models.recall(tenant, model, embedding!);
      return { made, doubts: [] };
    }
    const references = await profiles.list(tenant, patient);
    const doubts = await warnOfOther(references, readSubject(image.bytes));
    if (store && doubts.length > 0) throw otherPatient(patient);
    const made = await model.embedder.embed(workOf(c), image);
    return { made, image, doubts };
  };

  return createRouter().openapi(segmentRoute, async (c) => {
    const { patient } = c.req.valid("param");
    const query = c.req.valid("query");
    const model = models.choose(query.model);
    const recipe = recipeOf(model, query.recipe);
    const type = acceptedType(c, ANSWER_TYPES, RANGES, "A segmentation");
    c.header("vary", "accept");
    const { tenant } = callerOf(c);
    const isAll = query.label === ALL_LABELS;
    const labels = isAll
      ? await labelsOf(services, tenant, patient)
      : [query.label];
    if (isAll) requireOneAnswer(type, query);
    /** The references of a label. */
    const choose = async (label: string) => {
      const whose = { tenant, patient, label, revision: query.revision };
      const found = await findProfile(services, model, whose);
      const { references, position } = query;
      const chosen = chooseReferences(found.enrolled, references, position);
      return { label, revision: found.revision, chosen };
    };
    // Of a single label, before the body is read.
    const first = isAll ? undefined : await choose(query.label);

    const started = performance.now();
    const read = await readEmbedding(c, model, type, patient, query);
    const { image, doubts } = read;
    await keepEmbedding(
      services,
      model.embedder,
      { tenant, patient },
      read.made,
    );
    const made = {
      ...read.made,
      warnings: [...read.made.warnings ?? [], ...doubts],
    };
    const encode = performance.now() - started;
    const work = workOf(c);
    const segment = async (
      { label, revision, chosen }: Awaited<ReturnType<typeof choose>>,
    ) => {
      const { category = TISSUE, property = TISSUE, region } = query;
      const described = {
        label,
        category,
        property,
        ...(region && { region }),
      };
      const asked = {
        source: sourceOf(image),
        embedding: made,
        label,
        revision,
        recipe,
        chosen,
        position: chosen.choice === "position" ? query.position : undefined,
        explain: query.explain,
      };
      const { answer, receipt } = await segmentWithReceipt(
        services,
        model,
        work,
        asked,
        {
          png: type === "image/png",
          ...(image && (isPlaced(type) || query.store) && {
            source: { image, segment: described, form: formOf(type) },
          }),
        },
      );
      const stored = query.store && answer.presence.present
        ? await archiveOf(services, c)
          .store(answer.inSourceFormat!, work.signal)
        : null;
      const context: SegmentationContext = {
        ...asked,
        patient,
        encode,
        receipt,
        ...(query.store && { stored }),
      };
      return { answer, context };
    };

    if (first === undefined) {
      const answers = [];
      for await (
        const answer of inOrder(
          { from: 0, to: labels.length, parallel: services.parallel },
          (i) =>
            choose(labels[i]!).then(segment).then(
              ({ answer, context }) => ({
                label: labels[i]!,
                segmentation: describeSegmentation(answer, context),
              }),
              (error) => ({
                label: labels[i]!,
                problem: describeProblem(error, c),
              }),
            ),
        )
      ) answers.push(answer);
      return c.json({ patient, labels: answers }, 207);
    }
    const { answer, context } = await segment(first);
    const { png, inSourceFormat, presence } = answer;
    const file = png ?? (isPlaced(type) ? inSourceFormat : null);
    if (file !== null) {
      sendPresence(c, presence);
      if (context.stored) {
        c.header("x-stored-instance", context.stored.instance);
      }
      sendReceipt(c, context.receipt);
      sendWarnings(c, made.warnings);
      if (type === "application/x-nifti") {
        c.header("content-disposition", 'attachment; filename="mask.nii.gz"');
      }
      return c.body(file, 200, { "content-type": type }) as never;
    }
    return c.json(describeSegmentation(answer, context), 200);
  });
}

/** The labels that a patient has references of, in their order. @throws EdgeError `not-found` where there is none. */
async function labelsOf(
  { profiles }: Services,
  tenant: string,
  patient: string,
): Promise<string[]> {
  const kept = await profiles.revisions(tenant, patient);
  const labels = [...kept ?? []].flatMap(([label, [newest]]) =>
    newest !== undefined && newest.references.length > 0 ? [label] : []
  );
  if (labels.length > 0) return labels.sort();
  throw new EdgeError(
    "not-found",
    `Patient "${patient}" has no reference; enrol one first.`,
  );
}

/** @throws EdgeError for an answer that only a single label can have. */
function requireOneAnswer(
  type: AnswerType,
  { revision }: { revision?: number | undefined },
): void {
  if (type !== "application/json") {
    throw new EdgeError(
      "not-acceptable",
      "The answer for every label (label=*) is JSON: accept application/json, or name one label.",
    );
  }
  if (revision !== undefined) {
    const message = "belongs to one label; name it in place of *";
    throw invalid("query", [{ path: ["revision"], message }]);
  }
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

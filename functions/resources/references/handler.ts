import { createRoute, type z } from "@hono/zod-openapi";
import { EdgeError } from "../../../lib/core/errors.ts";
import { readSubject } from "../../../lib/dicom/data_set/subject.ts";
import type { Annotation, InputFile } from "../../../lib/engine/engine.ts";
import { Prompts, requireInBounds } from "../../contract/points.ts";
import {
  defineForm,
  file,
  jsonField,
  optional,
  text,
} from "../../body/form.ts";
import { embeddingField, withFrame } from "../../body/image.ts";
import { isRunLengths, maskField } from "../../body/mask.ts";
import { json } from "../../contract/answers.ts";
import { Rle } from "../../contract/masks.ts";
import {
  FrameNumber,
  Label,
  ModelQuery,
  Position,
  ReferenceParams,
  SEGMENT_CHOICE,
  SegmentChoice,
} from "../../contract/parameters.ts";
import { invalid, problems } from "../../contract/problems.ts";
import { describeProblem } from "../../middleware/answer_problem.ts";
import { callerOf, createRouter, type Router, workOf } from "../../router.ts";
import { enrolReference } from "../../patients/enrol_reference.ts";
import { imageDigest, keptAnnotation } from "../../patients/kept_annotation.ts";
import { requireReferenceQuota } from "../../patients/reference_quota.ts";
import type { Services } from "../../services.ts";
import {
  EnrolledLabelsDocument,
  Labels,
  type NamedStructure,
  nameStructures,
} from "./labels.ts";
import {
  Accepted,
  describeEnrolled,
  describeReference,
  EnrolledDocument,
  ReferenceDocument,
} from "./schema.ts";

const DEFAULT_LABEL = "target";

/** An annotated image. */
export const ReferenceForm = defineForm({
  image: optional(file("The image; or give `embedding`")),
  embedding: embeddingField,
  mask: optional(maskField(
    "Non-zero is the structure; a label map needs `segment`; soft edges are cut at half the maximum; where alpha " +
      "varies, the opaque part is the structure; of a DICOM segmentation or RTSTRUCT, the part that lies on the " +
      "image; or give `rle` or `prompts`, or none of them to enrol a reference anew, by another model, with the " +
      "annotation that is kept of it",
  )),
  rle: optional(jsonField("Rle", Rle, { note: ", of the image's size" })),
  prompts: optional(jsonField("Prompts", Prompts)),
  // A default in the document would be sent by generated clients, beside `labels` too.
  label: text(Label.optional(), {
    type: "string",
    description: `\`${DEFAULT_LABEL}\` where left out`,
  }),
  labels: optional(jsonField("Labels", Labels, {
    note: ": enrols several structures of the mask's file at once",
  })),
  position: text(Position.nullable().default(null), {
    type: "number",
    minimum: 0,
    maximum: 1,
  }),
  frame: text(FrameNumber, {
    type: "integer",
    minimum: 0,
    description:
      "Frame of a DICOM image, page of a TIFF file or slice of a volume, from 0; of the mask too, where it has several",
  }),
  segment: text(SegmentChoice, SEGMENT_CHOICE),
  accepted: optional(jsonField("Accepted", Accepted, {
    note:
      ": the mask is a result that somebody accepted, perhaps after a correction",
  })),
}, {
  either: [["image", "embedding"]],
  atMostOne: [["mask", "prompts", "rle"]],
});

const path = "/v1/patients/{patient}/references/{reference}";

const put = createRoute({
  method: "put",
  path,
  operationId: "enrolReference",
  tags: ["references"],
  summary: "Enrol an annotated image as a reference",
  request: {
    params: ReferenceParams,
    query: ModelQuery,
    body: { required: true, content: ReferenceForm.content },
  },
  responses: {
    200: json(EnrolledDocument, "It replaced one"),
    201: json(EnrolledDocument, "It is new"),
    207: json(
      EnrolledLabelsDocument,
      "With `labels`: a reference for each structure, or why there is none",
    ),
    ...problems(400, 404, 409, 413, 415, 422, 502, 503),
  },
});

const get = createRoute({
  method: "get",
  path,
  operationId: "readReference",
  tags: ["references"],
  summary: "A reference",
  request: { params: ReferenceParams },
  responses: {
    200: json(ReferenceDocument, "The reference"),
    ...problems(404, 422),
  },
});

const remove = createRoute({
  method: "delete",
  path,
  operationId: "eraseReference",
  tags: ["references"],
  summary: "Remove a reference; earlier revisions keep it",
  request: { params: ReferenceParams },
  responses: { 204: { description: "Removed" }, ...problems(404, 422) },
});

/** The references function: enrolment, and single references. */
export function referencesFunction(services: Services): Router {
  const { models, profiles } = services;
  const router = createRouter();
  // Schemas that only fields of the form refer to.
  router.openAPIRegistry.register("Prompts", Prompts);
  router.openAPIRegistry.register("Rle", Rle);
  router.openAPIRegistry.register("Accepted", Accepted);
  router.openAPIRegistry.register("Labels", Labels);
  return router
    .openapi(put, async (c) => {
      const { patient, reference } = c.req.valid("param");
      const model = models.choose(c.req.valid("query").model);
      const { tenant } = callerOf(c);
      const form = await ReferenceForm.read(c);
      const { labels, prompts } = form;
      const image = form.image && withFrame(form.image, form.frame);
      const structures = labels && structuresOf(form, reference, labels);
      const names = structures?.map(({ reference }) => reference) ??
        [reference];
      await requireReferenceQuota(services, tenant, patient, names);
      const sent = structures === undefined ? annotationOf(form, image) : null;
      const anew = sent === null && structures === undefined
        ? await keptAnnotation(services, tenant, c.req.valid("param"), image)
        : null;
      const { label, position, accepted } = anew?.reference ?? form;
      const digest = image && await imageDigest(image);
      const subject = image === undefined ? null : readSubject(image.bytes);
      const work = workOf(c);
      // The form has one of the two.
      const embedding = image !== undefined
        ? await model.embedder.embed(work, image)
        : await models.recall(tenant, model, form.embedding!);
      if (prompts !== undefined) {
        requireInBounds(prompts, embedding.image, "body.prompts");
      }
      const annotated = {
        patient,
        position,
        accepted,
        embedding,
        image,
        digest,
        subject,
      };
      if (structures === undefined) {
        const enrolled = await enrolReference(services, model, work, {
          ...annotated,
          reference,
          label: label ?? DEFAULT_LABEL,
          annotation: sent ?? { rle: anew!.annotation },
          reading: anew?.reference.mask,
        });
        return c.json(
          describeEnrolled(enrolled),
          enrolled.replaced ? 200 : 201,
        );
      }
      const answers = [];
      for (const structure of structures) {
        const { segment, ...named } = structure;
        // A form with labels has a mask file.
        const annotation = annotationOf({ ...form, segment }, image)!;
        const one = { ...annotated, ...named, annotation };
        answers.push(
          await enrolReference(services, model, work, one).then(
            (enrolled) => ({
              ...structure,
              enrolled: describeEnrolled(enrolled),
            }),
            (error) => ({ ...structure, problem: describeProblem(error, c) }),
          ),
        );
      }
      return c.json({ patient, labels: answers }, 207);
    })
    .openapi(get, async (c) => {
      const { patient, reference } = c.req.valid("param");
      const { tenant } = callerOf(c);
      const found = await profiles.find(tenant, patient, reference);
      if (found === null) throw missing(c.req.valid("param"));
      return c.json(describeReference(found), 200);
    })
    .openapi(remove, async (c) => {
      const { patient, reference } = c.req.valid("param");
      const { tenant } = callerOf(c);
      if (!await profiles.delete(tenant, patient, reference)) {
        throw missing(c.req.valid("param"));
      }
      return c.body(null, 204);
    });
}

type Form = Awaited<ReturnType<typeof ReferenceForm.read>>;

/** The structures that a form enrols at once. @throws EdgeError `validation` where it says that in two ways. */
function structuresOf(
  { label, segment, mask }: Form,
  reference: string,
  labels: NonNullable<Form["labels"]>,
): NamedStructure[] {
  const refuse = (message: string) =>
    invalid("body", [{ path: ["labels"], message }]);
  if (label !== undefined || segment !== undefined) {
    throw refuse("stands in place of label and segment");
  }
  if (mask === undefined || isRunLengths(mask)) {
    throw refuse("names structures of a mask file, and the form has none");
  }
  return nameStructures(reference, labels);
}

/** What a form annotates: prompts, a mask file or its run lengths; null for none. */
function annotationOf(
  { prompts, mask, rle, segment }: Pick<
    Form,
    "prompts" | "mask" | "rle" | "segment"
  >,
  image: InputFile | undefined,
): Annotation | null {
  const [lengths, file] = isRunLengths(mask) ? [mask] : [rle, mask];
  if (file === undefined && segment !== undefined) {
    const message = "chooses a segment of a mask file, and the form has none";
    throw invalid("body", [{ path: ["segment"], message }]);
  }
  if (file !== undefined) {
    return {
      file,
      ...(image && { image }),
      ...(segment !== undefined && { segment }),
    };
  }
  if (lengths !== undefined) return { rle: lengths };
  if (prompts === undefined) return null;
  const { points, box } = prompts;
  return { prompt: { points, ...(box && { box }) } };
}

function missing(
  { patient, reference }: z.infer<typeof ReferenceParams>,
): EdgeError {
  return new EdgeError(
    "not-found",
    `There is no reference "${reference}" of patient "${patient}".`,
  );
}

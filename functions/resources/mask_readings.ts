import { createRoute, z } from "@hono/zod-openapi";
import { defineForm, file, optional } from "../body/form.ts";
import { withFrame } from "../body/image.ts";
import { json } from "../contract/answers.ts";
import { MaskBody } from "../contract/masks.ts";
import {
  FrameNumber,
  SEGMENT_CHOICE,
  SegmentChoice,
} from "../contract/parameters.ts";
import { problems } from "../contract/problems.ts";
import { Warnings } from "../contract/warnings.ts";
import { createRouter, type Router, workOf } from "../router.ts";
import type { Services } from "../services.ts";
import { MaskReadingDocument } from "./references/schema.ts";

const ReadingQuery = z.strictObject({
  frame: FrameNumber,
  segment: SegmentChoice.openapi(SEGMENT_CHOICE),
});

const ReadingForm = defineForm({
  image: optional(file("The image on which it was drawn")),
  mask: file("Read as the mask of a reference"),
});

const ReadMaskDocument = z.object({
  mask: MaskBody,
  reading: MaskReadingDocument,
  warnings: Warnings,
}).openapi("ReadMask");

const read = createRoute({
  method: "post",
  path: "/v1/masks/read",
  operationId: "readMask",
  tags: ["masks"],
  summary: "What a mask file means on an image, before it is enrolled",
  description:
    "A label map or a segmentation of several structures needs `segment`; without it, the problem's `choices` list " +
    "what there is. Nothing is stored.",
  request: {
    query: ReadingQuery,
    body: { required: true, content: ReadingForm.content },
  },
  responses: {
    200: json(ReadMaskDocument, "The mask, and how it was read"),
    ...problems(400, 404, 413, 415, 422, 502, 503),
  },
});

/** The mask reading function: a mask file → its mask and what it was taken for. */
export function readingFunction({ models }: Services): Router {
  return createRouter().openapi(read, async (c) => {
    const { frame, segment } = c.req.valid("query");
    const { image, mask } = await ReadingForm.read(c);
    const answer = await models.default.engineFor(workOf(c)).readMask({
      file: mask,
      ...(image && { image: withFrame(image, frame) }),
      ...(segment !== undefined && { segment }),
    });
    return c.json(answer, 200);
  });
}

import { createRoute, z } from "@hono/zod-openapi";
import { TISSUE } from "../../lib/dicom/segmentation/segment_description.ts";
import { sourceTypeOf } from "../../lib/format/mask/source_format.ts";
import { defineForm, file, jsonField, optional } from "../body/form.ts";
import { withFrame } from "../body/image.ts";
import { binary } from "../contract/answers.ts";
import {
  FrameNumber,
  LabelOrTarget,
  segmentCodes,
} from "../contract/parameters.ts";
import { Rle } from "../contract/masks.ts";
import { problems } from "../contract/problems.ts";
import { createRouter, type Router, workOf } from "../router.ts";
import type { Services } from "../services.ts";

/** Which frame the mask belongs to, and what to call its segment. */
const ExportQuery = z.strictObject({
  label: LabelOrTarget,
  frame: FrameNumber,
  ...segmentCodes,
});

const ExportForm = defineForm({
  image: file("The DICOM image or the volume"),
  mask: optional(file("Non-zero is the structure; or give `rle`")),
  rle: optional(jsonField("Rle", Rle, {
    example: '{"size":[384,384],"counts":"Shf29e;5K5L3L4M3M3"}',
  })),
}, { either: [["mask", "rle"]] });

const create = createRoute({
  method: "post",
  path: "/v1/masks/export",
  operationId: "exportMask",
  tags: ["masks"],
  summary: "A mask that was drawn or corrected, in the format of its image",
  description:
    "For a DICOM image, a segmentation (SEG) that refers to it, whose segment is marked as drawn by hand; for a " +
    "volume (NIfTI, NRRD or MetaImage), a gzipped NIfTI volume with the mask in its place. Nothing is stored.",
  request: {
    query: ExportQuery,
    body: { required: true, content: ExportForm.content },
  },
  responses: {
    200: {
      description: "The file",
      content: { "application/dicom": binary, "application/x-nifti": binary },
    },
    ...problems(400, 413, 415, 422, 503),
  },
});

/** The export function: an image and the caller's mask → DICOM segmentation or NIfTI volume. */
export function exportFunction({ models }: Services): Router {
  return createRouter().openapi(create, async (c) => {
    const { label, category = TISSUE, property = TISSUE, region, frame } = c.req
      .valid("query");
    const { image, mask, rle } = await ExportForm.read(c);
    const bytes = await models.default.engineFor(workOf(c)).exportMask({
      image: withFrame(image, frame),
      // Of the two, the form has one.
      mask: rle ?? mask!,
      segment: { label, category, property, ...(region && { region }) },
    });
    const type = sourceTypeOf(image.bytes)!;
    if (type === "application/x-nifti") {
      c.header("content-disposition", 'attachment; filename="mask.nii.gz"');
    }
    return c.body(bytes, 200, { "content-type": type }) as never;
  });
}

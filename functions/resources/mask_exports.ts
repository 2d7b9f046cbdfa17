import type { InputFile } from "../../lib/engine/engine.ts";
import { createRoute, z } from "@hono/zod-openapi";
import { TISSUE } from "../../lib/dicom/segmentation/segment_description.ts";
import { type Receipt, requireMaskOf } from "../../lib/receipt/receipt.ts";
import { sourceTypeOf } from "../../lib/format/mask/source_format.ts";
import { defineForm, file, jsonField, optional } from "../body/form.ts";
import { withFrame } from "../body/image.ts";
import { isRunLengths, maskField, type RunLengths } from "../body/mask.ts";
import { placedFile, preferredType, RTSTRUCT } from "../contract/accept.ts";
import {
  FrameNumber,
  LabelOrTarget,
  SEGMENT_CHOICE,
  SegmentChoice,
  segmentCodes,
} from "../contract/parameters.ts";
import { Rle } from "../contract/masks.ts";
import { invalid, problems } from "../contract/problems.ts";
import { createRouter, type Router, workOf } from "../router.ts";
import type { Services } from "../services.ts";
import { ReceiptDocument, receiptField, requireIntact } from "./receipts.ts";

/** Which frame the mask belongs to, and what to call its segment. */
const ExportQuery = z.strictObject({
  label: LabelOrTarget,
  frame: FrameNumber,
  segment: SegmentChoice.openapi(SEGMENT_CHOICE),
  ...segmentCodes,
});

const ExportForm = defineForm({
  image: file("The DICOM image or the volume"),
  mask: optional(maskField("Read as the mask of a reference; or give `rle`")),
  rle: optional(jsonField("Rle", Rle, {
    example: '{"size":[384,384],"counts":"Shf29e;5K5L3L4M3M3"}',
  })),
  receipt: optional(receiptField(
    " that came with the mask in `rle`: the segment then names the model that made it",
  )),
}, { either: [["mask", "rle"]] });

const create = createRoute({
  method: "post",
  path: "/v1/masks/export",
  operationId: "exportMask",
  tags: ["masks"],
  summary: "A mask that you have, in the format of its image",
  description:
    "For a DICOM image, a segmentation (SEG) or, where that is accepted, a structure set (RTSTRUCT) that refers to " +
    "it, whose structure is marked as drawn by hand unless the mask comes with its receipt; for a volume (NIfTI, NRRD " +
    "or MetaImage), a gzipped NIfTI volume with the mask in its place. Nothing is segmented or stored.",
  request: {
    query: ExportQuery,
    body: { required: true, content: ExportForm.content },
  },
  responses: {
    200: placedFile,
    ...problems(400, 404, 413, 415, 422, 502, 503),
  },
});

/** @throws EdgeError for a receipt that is not of these run lengths. */
async function requireReceiptOf(
  receipt: Receipt,
  mask: InputFile | RunLengths,
): Promise<void> {
  if (!isRunLengths(mask)) {
    const message = "is of run lengths: send the mask as `rle`";
    throw invalid("body", [{ path: ["receipt"], message }]);
  }
  await requireIntact(receipt);
  await requireMaskOf(receipt, mask);
}

/** The export function: an image and the caller's mask → DICOM segmentation or structure set, or NIfTI volume. */
export function exportFunction({ models }: Services): Router {
  const router = createRouter();
  // Schemas that only fields of the form refer to.
  router.openAPIRegistry.register("Rle", Rle);
  router.openAPIRegistry.register("Receipt", ReceiptDocument);
  return router.openapi(create, async (c) => {
    const query = c.req.valid("query");
    const { label, category = TISSUE, property = TISSUE, region } = query;
    // The format is otherwise that of the image, whatever the header says.
    const asked = preferredType(c, ["application/dicom", RTSTRUCT]);
    const form = asked === RTSTRUCT ? "rtstruct" : undefined;
    const { image, rle, receipt, mask: either } = await ExportForm.read(c);
    // Of the two, the form has one.
    const mask = rle ?? either!;
    if (receipt !== undefined) await requireReceiptOf(receipt, mask);
    const bytes = await models.default.engineFor(workOf(c)).exportMask({
      image: withFrame(image, query.frame),
      mask,
      segment: { label, category, property, ...(region && { region }) },
      form,
      ...(receipt && { model: receipt.model.digest }),
      choice: query.segment,
    });
    const type = form === undefined ? sourceTypeOf(image.bytes)! : RTSTRUCT;
    if (type === "application/x-nifti") {
      c.header("content-disposition", 'attachment; filename="mask.nii.gz"');
    }
    return c.body(bytes, 200, { "content-type": type }) as never;
  });
}

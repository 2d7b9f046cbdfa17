import { createRoute } from "@hono/zod-openapi";
import { TISSUE } from "../../lib/dicom/segmentation/write.ts";
import { sniffMediaType } from "../../lib/image/media_type.ts";
import {
  fileOf,
  parseJson,
  readForm,
  requireOne,
  textOf,
} from "../body/form.ts";
import { workOf } from "../middleware/work.ts";
import { createRouter, type Router } from "../router.ts";
import { binary, ExportQuery, problems, Rle } from "./segmentations/schema.ts";
import type { Services } from "../services.ts";

const create = createRoute({
  method: "post",
  path: "/v1/masks/export",
  operationId: "exportMask",
  tags: ["masks"],
  summary: "A mask that was drawn or corrected, in the format of its image",
  description:
    "Of a DICOM image a segmentation (SEG) that refers to it, whose segment is said to be drawn by hand; of a " +
    "NIfTI volume a gzipped volume with the mask in its place. Nothing is stored.",
  request: {
    query: ExportQuery,
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          schema: {
            type: "object",
            properties: {
              image: {
                ...binary.schema,
                description: "The DICOM image or NIfTI volume",
              },
              mask: {
                ...binary.schema,
                description: "Non-zero is the structure; or give `rle`",
              },
              rle: {
                type: "string",
                description: "JSON by the schema Rle",
                contentMediaType: "application/json",
                contentSchema: { $ref: "#/components/schemas/Rle" },
                example: '{"size":[384,384],"counts":"Shf29e;5K5L3L4M3M3"}',
              } as never,
            },
            required: ["image"],
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: "The file",
      content: { "application/dicom": binary, "application/x-nifti": binary },
    },
    ...problems(400, 413, 415, 422, 503),
  },
});

/** The export function: image and a mask that the caller has → DICOM segmentation or NIfTI volume. */
export function exportFunction({ models }: Services): Router {
  return createRouter().openapi(create, async (c) => {
    const {
      label,
      frame,
      category = TISSUE,
      property = TISSUE,
      region,
    } = c.req.valid("query");
    const { image, mask, rle } = await readForm(c, ["image", "mask", "rle"]);
    const file = { ...fileOf(image, "image"), frame };
    requireOne("mask", mask, "rle", rle);
    const bytes = await models.default.engineFor(workOf(c)).exportMask({
      image: file,
      mask: rle === undefined
        ? fileOf(mask, "mask")
        : parseJson(textOf(rle), Rle, "body.rle"),
      segment: { label, category, property, region },
    });
    const type = sniffMediaType(file.bytes)!;
    if (type === "application/x-nifti") {
      c.header("content-disposition", 'attachment; filename="mask.nii.gz"');
    }
    return c.body(bytes, 200, { "content-type": type }) as never;
  });
}

import { createRoute, z } from "@hono/zod-openapi";
import { imageBody, readImage } from "../body/image.ts";
import { binary, header } from "../contract/answers.ts";
import { problems } from "../contract/problems.ts";
import { sendWarnings, warningHeaders } from "../contract/warnings.ts";
import { FrameNumber } from "../contract/parameters.ts";
import { createRouter, type Router, workOf } from "../router.ts";
import type { Services } from "../services.ts";

/** How large the preview may be, and which frame it shows. */
const PreviewQuery = z.strictObject({
  side: z.string().regex(/^\d{1,5}$/, "must be a whole number")
    .transform(Number)
    .refine((side) => side >= 16 && side <= 8192, "must be from 16 to 8192")
    .default(2048)
    .openapi({ type: "integer", description: "Long side at most, pixels" }),
  frame: FrameNumber,
});

const { "application/x-safetensors": _, ...images } = imageBody;

const create = createRoute({
  method: "post",
  path: "/v1/previews",
  operationId: "previewImage",
  tags: ["embeddings"],
  summary: "An image as a PNG that any browser shows",
  description:
    "The pixels that the model sees, upright and in 8 bits: for TIFF, 16-bit files and whatever else a " +
    "browser cannot show. Nothing is stored.",
  request: { query: PreviewQuery, body: { content: images, required: true } },
  responses: {
    200: {
      description: "The picture",
      headers: {
        ...warningHeaders,
        "x-frame-count": header(
          "Frames of the DICOM image, pages of the TIFF file or slices of the volume, 1 of other images",
        ),
      },
      content: { "image/png": binary },
    },
    ...problems(400, 404, 413, 415, 422, 502, 503),
  },
});

/** The preview function: image → PNG for display. */
export function previewFunction({ models }: Services): Router {
  return createRouter().openapi(create, async (c) => {
    const { side, frame } = c.req.valid("query");
    const file = await readImage(c, frame);
    const engine = models.default.engineFor(workOf(c));
    const { bytes, frames, warnings } = await engine.preview(file, side);
    sendWarnings(c, warnings);
    return c.body(bytes, 200, {
      "content-type": "image/png",
      "x-frame-count": String(frames),
    }) as never;
  });
}

import { createRoute, z } from "@hono/zod-openapi";
import { imageBody, readImage } from "../body/image.ts";
import { json } from "../contract/answers.ts";
import { FrameNumber } from "../contract/parameters.ts";
import { problems } from "../contract/problems.ts";
import { createRouter, type Router, workOf } from "../router.ts";
import type { Services } from "../services.ts";

const ReadingQuery = z.strictObject({ frame: FrameNumber });

const Millimetres = z.number();

const ImageFactsDocument = z.object({
  format: z.string().describe("Media type, by the bytes of the file"),
  width: z.int(),
  height: z.int(),
  frames: z.int().min(1).describe(
    "Frames of the DICOM image, pages of the TIFF file or slices of the volume, 1 of other images",
  ),
  spacing: z.object({
    x: Millimetres,
    y: Millimetres,
    z: Millimetres.nullable().describe(
      "Null for a picture that is in no stack, and where the steps are unequal",
    ),
  }).nullable().describe(
    "Millimetres from one column, row and slice to the next",
  ),
  slice: Millimetres.nullable().describe(
    "Millimetres along the normal of its plane; places of one `series` can be compared",
  ),
  slices: z.array(Millimetres.nullable()).nullable().describe(
    "The same of every frame, of a file of several",
  ),
  acquiredAt: z.string().nullable().describe(
    "ISO 8601: without a zone where the file states none, only a date where it states no time",
  ),
  series: z.string().nullable().describe(
    "An opaque digest that parallel images of one DICOM series have in common",
  ),
}).openapi("ImageFacts", {
  description: "Null where the file does not say it",
  example: {
    format: "application/dicom",
    width: 512,
    height: 512,
    frames: 1,
    spacing: { x: 0.78, y: 0.78, z: null },
    slice: -112.5,
    slices: null,
    acquiredAt: "2026-11-17T09:30:00",
    series: "c4".repeat(32),
  },
});

const { "application/x-safetensors": _, ...images } = imageBody;

const read = createRoute({
  method: "post",
  path: "/v1/images/read",
  operationId: "readImage",
  tags: ["embeddings"],
  summary: "What an image file is, by its headers",
  description:
    "To put images into their order and to measure in millimetres. No pixel is decoded, so that the size of an image " +
    "that is too large to be segmented is answered too. Nothing is stored.",
  request: {
    query: ReadingQuery,
    body: { content: images, required: true },
  },
  responses: {
    200: json(ImageFactsDocument, "What it says of itself"),
    ...problems(400, 404, 413, 415, 422, 502, 503),
  },
});

/** The image reading function: image → what its headers say. */
export function imageReadingFunction({ models }: Services): Router {
  return createRouter().openapi(read, async (c) => {
    const { frame } = c.req.valid("query");
    const file = await readImage(c, frame);
    const engine = models.default.engineFor(workOf(c));
    return c.json(await engine.readFacts(file), 200);
  });
}

import { z } from "@hono/zod-openapi";
import { MODEL } from "../../contract/answers.ts";
import { list } from "../../contract/masks.ts";
import { ModelQuery, segmentCodes } from "../../contract/parameters.ts";
import { ProblemDocument } from "../../contract/problems.ts";
import { Warnings } from "../../contract/warnings.ts";
import {
  SEGMENTATION,
  SegmentationDocument,
  segmentOptions,
  Store,
} from "../segmentations/schema.ts";

export const SeriesQuery = ModelQuery.extend({
  ...segmentOptions,
  store: Store,
  cursor: z.string().max(64).optional().describe(
    "The cursor of the last complete line; only for an answer in lines",
  ),
  ...segmentCodes,
});

/** The line of one image: where it belongs, and either `segmentation` or `problem`. */
export const SeriesLine = z.object({
  index: z.int().min(0).describe("From 0"),
  total: z.int().min(1),
  position: z.number().min(0).max(1).nullable().describe(
    "Along the volume where the image's file says, else by its place in the order of the images; null for a file " +
      "that is no image",
  ),
  name: z.string().nullable().describe("What the sender called the file"),
  cursor: z.string().describe("Continues after this line"),
  secondsLeft: z.number().min(0).describe("Estimated"),
  references: z.array(z.string()).optional().describe(
    "Those that the image was compared with",
  ),
  segmentation: SegmentationDocument.optional(),
  problem: ProblemDocument.optional(),
}).openapi("SeriesLine", {
  example: {
    index: 0,
    total: 100,
    position: 0,
    name: "slice-1.png",
    cursor: `1-${"0a".repeat(16)}`,
    secondsLeft: 61.2,
    references: ["visit-1"],
    segmentation: SEGMENTATION,
  },
});
export type SeriesLine = z.infer<typeof SeriesLine>;

const { mask: MASK, receipt: RECEIPT } = SEGMENTATION;
const [HEIGHT, WIDTH] = MASK.size;
const CONFIDENCE = SEGMENTATION.confidence;

/** A series in the format of COCO's instances, with more about each image than that knows. */
export const CocoDocument = z.object({
  info: z.object({
    description: z.string(),
    model: z.object({ id: z.string(), digest: z.string() }),
  }),
  images: z.array(z.object({
    id: z.int().min(1).describe("The index of the image in the series, from 1"),
    width: z.int(),
    height: z.int(),
    file_name: z.string().describe("What the sender called the file"),
    frame: z.int().optional().describe("Of a file of several frames, from 0"),
    present: z.boolean().describe("Whether the structure is in the image"),
    warnings: Warnings,
    receipt: SegmentationDocument.shape.receipt,
  })).describe("Those that were segmented"),
  annotations: z.array(z.object({
    id: z.int().min(1),
    image_id: z.int().min(1),
    category_id: z.int(),
    segmentation: z.object({
      size: SegmentationDocument.shape.mask.shape.size,
      counts: z.string(),
    }).openapi("CocoRle"),
    area: z.int(),
    bbox: z.array(z.int()).openapi(
      list("integer", 4, "x, y, width and height"),
    ),
    iscrowd: z.literal(0),
    score: z.number().nullable().describe("The answer's confidence"),
  })).describe("One for each image in which the structure is"),
  categories: z.array(z.object({ id: z.int(), name: z.string() })),
  problems: z.array(z.object({
    index: z.int().min(0),
    name: z.string().nullable(),
    problem: ProblemDocument,
  })).describe("Of images that could not be segmented"),
}).openapi("CocoSeries", {
  example: {
    info: { description: "P²SAM Edge", model: MODEL },
    images: [{
      id: 1,
      width: WIDTH,
      height: HEIGHT,
      file_name: "slice-1.png",
      present: true,
      warnings: [],
      receipt: RECEIPT,
    }],
    annotations: [{
      id: 1,
      image_id: 1,
      category_id: 1,
      segmentation: { size: MASK.size, counts: MASK.counts },
      area: MASK.area,
      bbox: [231, 113, 66, 54],
      iscrowd: 0 as const,
      score: CONFIDENCE,
    }],
    categories: [{ id: 1, name: "target" }],
    problems: [],
  },
});
export type CocoDocument = z.infer<typeof CocoDocument>;

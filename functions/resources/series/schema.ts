import { z } from "@hono/zod-openapi";
import { ProblemDocument } from "../../contract/problems.ts";
import { ModelQuery } from "../../contract/parameters.ts";
import {
  SEGMENTATION,
  SegmentationDocument,
  segmentOptions,
} from "../segmentations/schema.ts";

export const SeriesQuery = ModelQuery.extend({
  ...segmentOptions,
  cursor: z.string().max(64).optional().describe(
    "The cursor of the last complete line",
  ),
});

/** The line of one image: where it belongs, and either `segmentation` or `problem`. */
export const SeriesLine = z.object({
  index: z.int().min(0).describe("From 0"),
  total: z.int().min(1),
  position: z.number().min(0).max(1).describe(
    "Along the series, or along the volume where its files say",
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

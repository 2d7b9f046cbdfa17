import { z } from "@hono/zod-openapi";

/** The mask of a candidate after one pass of the cascade. */
export const PassDocument = z.object({
  mask: z.object({
    size: z.tuple([z.int(), z.int()]).openapi({
      type: "array",
      items: { type: "integer" },
      minItems: 2,
      maxItems: 2,
      description: "Height and width in pixels",
    } as never),
    counts: z.string().openapi({
      description: "COCO compressed run-length encoding",
    }),
    area: z.int().openapi({ description: "Pixels of the structure" }),
  }).openapi("PassMask"),
  predictedIou: z.number(),
}).openapi("Pass");

/** What a candidate says of its passes. */
export const passes = z.array(PassDocument).openapi({
  description:
    "After points alone; after the mask before as well; after its box as well",
});

/** What a segmentation says of its choice. */
export const why = z.string().optional().openapi({
  description: "With explain alone: why the winner won, in plain words",
  example:
    "n = 1 has the smallest distance, 19.7; the next, n = 2, 21.3. One candidate found nothing.",
});

import { z } from "@hono/zod-openapi";

/** A list of fixed length for generators of clients, which understand `items` but not `prefixItems`. */
export const list = (
  type: "integer" | "number",
  length: number,
  description: string,
) => ({
  type: "array" as const,
  items: { type },
  minItems: length,
  maxItems: length,
  description,
});

export const BOX = "Inclusive corners x0, y0, x1, y1 in pixels";
const SIZE = list("integer", 2, "Height and width in pixels");
const COUNTS = "COCO compressed run-length encoding";

/** A mask in a request. */
export const Rle = z.strictObject({
  size: z.tuple([z.int().positive(), z.int().positive()]).openapi(SIZE),
  counts: z.string().max(4_000_000),
}).openapi("Rle", { description: COUNTS });

/** A mask in an answer, without its outline. */
export const maskFields = {
  size: z.tuple([z.int(), z.int()]).openapi(SIZE),
  counts: z.string().openapi({ description: COUNTS }),
  area: z.int().describe("Pixels of the structure"),
};

/** A mask in an answer. */
export const MaskBody = z.object({
  ...maskFields,
  box: z.tuple([z.int(), z.int(), z.int(), z.int()]).nullable().openapi({
    ...list("integer", 4, `${BOX}; null for an empty mask`),
    type: ["array", "null"],
  }),
  polygons: z.array(
    z.array(
      z.tuple([z.number(), z.number()]).openapi(list("number", 2, "x, y")),
    ),
  ).describe("Rings to fill by the even-odd rule"),
}).openapi("MaskBody");

export const MASK = {
  size: [384, 384],
  counts: "Shf29e;5K5L3L4M3M3M2N2N2",
  area: 2814,
  box: [231, 113, 296, 166],
  polygons: [[[270.5, 166], [275.5, 166], [276.5, 165]]],
};

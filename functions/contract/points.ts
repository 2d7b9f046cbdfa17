import { z } from "@hono/zod-openapi";
import type { Size } from "../../lib/core/geometry.ts";
import { BOX, list } from "./masks.ts";
import { invalid } from "./problems.ts";

const PointLabel = z.union([z.literal(0), z.literal(1)]).openapi({
  type: "integer",
  // Generated clients read enumerations of texts alone.
  anyOf: undefined as never,
  minimum: 0,
  maximum: 1,
  description: "1 is inside the structure, 0 outside",
});

const coordinate = z.number().min(0);
export const PointPrompt = z.strictObject({
  x: coordinate,
  y: coordinate,
  label: PointLabel,
}).openapi("PointPrompt", { example: { x: 242, y: 138, label: 1 } });

/** What a person points at: points, a box, or both. */
export const promptFields = {
  points: z.array(PointPrompt).max(64).default([]),
  box: z.tuple([coordinate, coordinate, coordinate, coordinate])
    .refine(
      ([x0, y0, x1, y1]) => x0 <= x1 && y0 <= y1,
      "must be x0 ≤ x1 and y0 ≤ y1",
    )
    .openapi({ ...list("number", 4, BOX), example: [212, 114, 270, 162] })
    .optional(),
};

/** Whether points and a box say where the structure is: negative points alone say only where it is not. */
export const pointsSomewhere = (
  { points, box }: { points: { label: 0 | 1 }[]; box?: unknown },
): boolean => box !== undefined || points.some(({ label }) => label === 1);

/** Points and a box that are decoded to a mask. */
export const Prompts = z.strictObject(promptFields)
  .refine(pointsSomewhere, {
    message: "needs at least one positive point (label 1) or a box",
  })
  .openapi("Prompts");

/** @throws EdgeError `validation` with a fault for every point, and for a box, outside the image. */
export function requireInBounds(
  { points, box }: z.infer<typeof Prompts>,
  { width, height }: Size,
  place: string,
): void {
  const message = `must lie inside the image, ${width}×${height} pixels`;
  const outside = (x: number, y: number) => x >= width || y >= height;
  const issues: { path: PropertyKey[]; message: string }[] = [];
  points.forEach(({ x, y }, i) => {
    if (outside(x, y)) issues.push({ path: ["points", i], message });
  });
  if (box !== undefined && outside(box[2], box[3])) {
    issues.push({ path: ["box"], message });
  }
  if (issues.length > 0) throw invalid(place, issues);
}

const ScoredPoint = z.object({
  x: z.number(),
  y: z.number(),
  label: PointLabel,
  similarity: z.number(),
}).openapi("ScoredPoint");

/** The points of a candidate, and the numbers of prototypes that proposed them. */
export const candidateFields = {
  parts: z.int().describe(
    "Prototypes of the structure whose points prompt; 0 where dense matching used only its maps",
  ),
  negatives: z.int(),
  points: z.array(ScoredPoint),
};

export const POINTS = [
  { x: 266, y: 157, label: 1, similarity: 0.8989014529726027 },
  { x: 351, y: 49, label: 0, similarity: 0.6786726254990478 },
];

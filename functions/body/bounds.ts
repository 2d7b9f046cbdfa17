import type { z } from "@hono/zod-openapi";
import type { Size } from "../../lib/core/geometry.ts";
import { invalid } from "../router.ts";
import type { Prompts } from "../resources/segmentations/schema.ts";

/** @throws a problem for every point or box corner outside the image frame. */
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

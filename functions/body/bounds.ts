import type { z } from "@hono/zod-openapi";
import type { Size } from "../../lib/core/geometry.ts";
import { invalid } from "../contract/problems.ts";
import type { Prompts } from "../contract/points.ts";

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

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readSafetensors } from "../../lib/format/safetensors.ts";
import { decodeRle } from "../../lib/format/mask/rle.ts";
import type { Manifest } from "../../lib/model/package.ts";
import type { Point, Size } from "../../lib/core/geometry.ts";

/** Asserts that a file is an embedding of this model and image: its metadata, and its tensors' names, shapes and values. */
export function requireEmbedding(
  file: Uint8Array,
  { digest, embedding: { channels, grid, tensors: others } }: Manifest,
  { width, height }: Size,
): void {
  const { metadata, tensors } = readSafetensors(file);
  deepEqual({ ...metadata }, {
    model: digest,
    width: `${width}`,
    height: `${height}`,
  });
  const shapes = { image_embeddings: [channels, grid, grid], ...others };
  deepEqual(Object.keys(tensors).sort(), Object.keys(shapes).sort());
  for (const [name, shape] of Object.entries(shapes)) {
    const { dims, data } = tensors[name];
    deepEqual(dims, [1, ...shape]);
    ok(data.every(Number.isFinite), name);
    ok(data.some((value) => value !== data[0]), `${name} is one constant`);
  }
}

interface CandidateAnswer {
  parts: number;
  negatives: number;
  points: (Point & { similarity: number })[];
  predictedIou: number;
  distance: number | null;
}

/** A segmentation as it comes over HTTP, with its candidates. */
export interface SegmentationAnswer extends CandidateAnswer {
  present: boolean;
  mask: { size: [number, number]; counts: string; area: number; box: number[] };
  model: { id: string; digest: string };
  candidates: CandidateAnswer[];
}

/** Asserts that a segmentation is consistent with the image, the model and itself, whatever its mask means. */
export function requireSegmentation(
  answer: SegmentationAnswer,
  { id, digest }: Manifest,
  { width, height }: Size,
): void {
  deepEqual(answer.model, { id, digest });
  const { mask, candidates } = answer;
  deepEqual(mask.size, [height, width]);
  const pixels = decodeRle(mask).data;
  equal(pixels.length, width * height);
  equal(pixels.reduce((sum, value) => sum + Math.sign(value), 0), mask.area);
  equal(answer.present, mask.area > 0);
  const distances = candidates.map(({ distance }) => distance ?? Infinity);
  equal(answer.distance ?? Infinity, Math.min(...distances));
  ok(candidates.length > 1);
  for (const candidate of [answer, ...candidates]) {
    const { parts, negatives, points, predictedIou } = candidate;
    const labels = points.map(({ label }) => label);
    equal(labels.filter((label) => label === 1).length, parts);
    equal(labels.filter((label) => label === 0).length, negatives);
    for (const { x, y, similarity } of points) {
      ok(x >= 0 && x < width && y >= 0 && y < height, `a point at ${x}, ${y}`);
      ok(Math.abs(similarity) <= 1 + 1e-6, `similarity ${similarity}`);
    }
    ok(Number.isFinite(predictedIou), `predicted IoU ${predictedIou}`);
  }
}

/** Asserts that an answer is a problem of this status and code, whose detail reads so. */
export async function refuses(
  answer: Response | Promise<Response>,
  status: number,
  code: string,
  detail: RegExp,
): Promise<void> {
  const problem = await (await answer).json();
  equal(problem.type, `/problems/${code}`);
  equal(problem.status, status);
  match(problem.detail, detail);
}

import {
  bilinearAxis,
  cutAxis,
  resizeBilinear,
} from "../../lib/numerics/bilinear.ts";
import { earthMoversDistance, squaredEuclideanCost } from "./emd.ts";
import {
  gatherPatches,
  normaliseRows,
  toPatches,
} from "../../lib/numerics/patches.ts";
import { Coordinates } from "../../lib/pipeline/coordinates.ts";
import { maskInModelSpace } from "../../lib/pipeline/preprocess.ts";
import type { Box, Point } from "../../lib/core/geometry.ts";
import type {
  Decoder,
  Embedding,
  ModelGeometry,
} from "../../lib/pipeline/types.ts";
import type { Mask } from "../../lib/core/mask.ts";
import { plainKMeans } from "./plain_kmeans.ts";

/** The patches inside and outside an annotation, by resizing it in full. */
export function plainSplit(mask: Mask, { size, grid }: ModelGeometry) {
  const padded = maskInModelSpace(mask, size);
  const values = [...new Set(padded)];
  const middle = (Math.min(...values) + Math.max(...values)) / 2;
  const axis = bilinearAxis(size, grid);
  const onGrid = resizeBilinear(padded, size, axis, axis);
  const all = Int32Array.from(onGrid.keys());
  return {
    foreground: all.filter((p) => onGrid[p] > middle),
    background: all.filter((p) => !(onGrid[p] > middle)),
  };
}

/** Seed of the clustering into one; the next count draws from the next stream. */
const FIRST_SEED = 2026;

/**
 * The method without shortcuts, in float64: exact distances in every k-means, maps and masks in full size, every
 * candidate decoded in every pass and every distance solved. What the product answers must equal this bit for bit.
 */
export class PlainPipeline {
  constructor(
    readonly decoder: Decoder,
    readonly model: ModelGeometry,
  ) {}

  enrol(embedding: Embedding, mask: Mask) {
    const { channels } = this.model;
    const { foreground, background } = plainSplit(mask, this.model);
    const all = toPatches(embedding.tensors.image_embeddings.data, channels);
    const rows = (indices: Int32Array) => gatherPatches(all, channels, indices);
    const prototypes = (patches: Float32Array, count: number) => {
      const found = plainKMeans(
        patches,
        channels,
        count,
        FIRST_SEED + count - 1,
      );
      return found &&
        Float32Array.from(normaliseRows(found.centres, channels));
    };
    const parts: Float32Array[] = [];
    const patches = rows(foreground);
    for (let n = 1; n <= Math.min(5, foreground.length); n++) {
      const set = prototypes(patches, n);
      if (set === null) break;
      parts.push(set);
    }
    const negative = background.length > 0
      ? prototypes(rows(background), 1)
      : null;
    return { parts, negative, patches };
  }

  async segment(
    embedding: Embedding,
    { parts, negative, patches }: ReturnType<PlainPipeline["enrol"]>,
  ) {
    const { channels, lowResMask } = this.model;
    const frame = new Coordinates(embedding.image, this.model);
    const target = toPatches(embedding.tensors.image_embeddings.data, channels);
    const unit = normaliseRows(target, channels);
    const points = parts.map((set) => {
      const found: Point[] = [];
      for (let i = 0; i < set.length; i += channels) {
        found.push({
          ...this.#peak(unit, set.subarray(i, i + channels), frame),
          label: 1,
        });
      }
      if (negative !== null) {
        found.push({ ...this.#peak(unit, negative, frame), label: 0 });
      }
      return found;
    });
    let winner = { index: -1, distance: Infinity };
    let logits: Float32Array = new Float32Array(lowResMask ** 2).fill(-1);
    for (const [index, prompt] of points.entries()) {
      const found = await this.#cascade(embedding, prompt, frame);
      const distance = this.#distance(patches, target, found);
      if (winner.index < 0 || distance < winner.distance) {
        winner = { index, distance };
        logits = found;
      }
    }
    return { points, winner, mask: this.#mask(logits, frame) };
  }

  #peak(unit: Float64Array, prototype: Float32Array, frame: Coordinates) {
    const { grid, channels, size } = this.model;
    const map = Float64Array.from({ length: grid * grid }, (_, p) => {
      let dot = 0;
      for (let c = 0; c < channels; c++) {
        dot += unit[p * channels + c] * prototype[c];
      }
      return dot;
    });
    const up = bilinearAxis(grid, 4 * grid);
    const middle = resizeBilinear(map, grid, up, up);
    const full = this.#toImage(middle, 4 * grid, frame, size);
    let best = 0;
    for (let i = 1; i < full.length; i++) if (full[i] > full[best]) best = i;
    const { width } = frame.image;
    return { x: best % width, y: Math.floor(best / width) };
  }

  /** A square map over model space, resized to it, cut, and resized to the image. */
  #toImage(
    map: Float64Array | Float32Array,
    side: number,
    { scaled, image }: Coordinates,
    size: number,
  ): Float64Array {
    const axis = bilinearAxis(side, size);
    const model = resizeBilinear(
      map,
      side,
      cutAxis(axis, scaled.height),
      cutAxis(axis, scaled.width),
    );
    return resizeBilinear(
      model,
      scaled.width,
      bilinearAxis(scaled.height, image.height),
      bilinearAxis(scaled.width, image.width),
    );
  }

  #mask(logits: Float32Array, frame: Coordinates): Uint8Array {
    const { lowResMask, size } = this.model;
    const image = this.#toImage(logits, lowResMask, frame, size);
    return Uint8Array.from(image, (value) => value > 0 ? 255 : 0);
  }

  async #cascade(embedding: Embedding, points: Point[], frame: Coordinates) {
    const decode = async (mask: Float32Array | null, box?: Box) => {
      const prompt = { ...frame.toDecoder(points, box), mask };
      return (await this.decoder.decode(embedding.tensors, prompt)).logits;
    };
    const second = await decode(await decode(null));
    const mask = this.#mask(second, frame);
    const { width } = frame.image;
    let box: Box | undefined;
    mask.forEach((value, i) => {
      if (value === 0) return;
      const [x, y] = [i % width, Math.floor(i / width)];
      box ??= [x, y, x, y];
      box = [
        Math.min(box[0], x),
        box[1],
        Math.max(box[2], x),
        y,
      ];
    });
    return await decode(second, box);
  }

  #distance(
    reference: Float32Array,
    target: Float32Array,
    logits: Float32Array,
  ): number {
    const { channels, grid, lowResMask } = this.model;
    const axis = bilinearAxis(lowResMask, grid);
    const onGrid = resizeBilinear(logits, lowResMask, axis, axis);
    const inside = Int32Array.from(onGrid.keys()).filter((p) => onGrid[p] > 0);
    if (inside.length === 0) return Infinity;
    const n = reference.length / channels;
    const points = gatherPatches(target, channels, inside);
    const cost = squaredEuclideanCost(
      reference,
      n,
      points,
      inside.length,
      channels,
    );
    return earthMoversDistance(cost, n, inside.length).distance;
  }
}

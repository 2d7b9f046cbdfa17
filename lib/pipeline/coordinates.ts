import { bilinearAxis, cutAxis } from "../numerics/bilinear.ts";
import {
  type LogitAxis,
  LogitRows,
  type Span,
} from "../numerics/logit_rows.ts";
import type { UpsampleAxis } from "../numerics/peak.ts";
import {
  type Box,
  type Point,
  scaledSize,
  type Size,
} from "../core/geometry.ts";
import type { Mask } from "../core/mask.ts";
import type { ModelGeometry } from "./types.ts";

/**
 * Every change of coordinates between image space (pixels of the file after EXIF rotation, x right, y down), model
 * space (long side resized to S, zero-padded at the bottom and the right), the g × g grid of patches, and the decoder's
 * low-res logits. Grid and logits cover the whole padded model space.
 */
export class Coordinates {
  /** The unpadded part of model space, pixels. */
  readonly scaled: Size;
  /** Columns and rows of the grid that show the image, not its padding. */
  readonly shown: { columns: number; rows: number };
  readonly #size: number;
  readonly #grid: number;
  readonly #side: number;

  constructor(
    readonly image: Size,
    { size, grid, lowResMask }: Pick<
      ModelGeometry,
      "size" | "grid" | "lowResMask"
    >,
  ) {
    this.#size = size;
    this.#grid = grid;
    this.#side = lowResMask;
    this.scaled = scaledSize(image, size);
    this.shown = {
      columns: Math.ceil(this.scaled.width * grid / size),
      rows: Math.ceil(this.scaled.height * grid / size),
    };
  }

  /** Whether a patch, `y · g + x`, shows the image rather than its padding. */
  shows(patch: number): boolean {
    const { columns, rows } = this.shown;
    return patch % this.#grid < columns &&
      Math.floor(patch / this.#grid) < rows;
  }

  /** The patches that show the image, ascending. */
  shownPatches(): Int32Array {
    return Int32Array.from({ length: this.#grid ** 2 }, (_, patch) => patch)
      .filter((patch) => this.shows(patch));
  }

  /** A pixel of the image in model space, as SAM's `ResizeLongestSide.apply_coords`. */
  toModel(x: number, y: number): [number, number] {
    return [
      x * (this.scaled.width / this.image.width),
      y * (this.scaled.height / this.image.height),
    ];
  }

  /** Decoder coordinates and labels of points and an optional box. */
  toDecoder(
    points: Point[],
    box?: Box,
  ): { coords: Float32Array; labels: Float32Array } {
    const coords = points.flatMap((p) => this.toModel(p.x, p.y));
    const labels: number[] = points.map((p) => p.label);
    if (box !== undefined) {
      coords.push(
        ...this.toModel(box[0], box[1]),
        ...this.toModel(box[2], box[3]),
      );
      labels.push(2, 3);
    } else {
      // SAM's exported decoder wants a padding point where there is no box.
      coords.push(0, 0);
      labels.push(-1);
    }
    return {
      coords: Float32Array.from(coords),
      labels: Float32Array.from(labels),
    };
  }

  /** The chains grid → 4·grid → model space → image space of a similarity map. */
  similarityAxes(): { vertical: UpsampleAxis; horizontal: UpsampleAxis } {
    const grid = this.#grid;
    const chain = (scaled: number, image: number): UpsampleAxis => ({
      first: bilinearAxis(grid, 4 * grid),
      second: cutAxis(bilinearAxis(4 * grid, this.#size), scaled),
      third: bilinearAxis(scaled, image),
    });
    return {
      vertical: chain(this.scaled.height, this.image.height),
      horizontal: chain(this.scaled.width, this.image.width),
    };
  }

  /** The mask of low-res logits: resized to model space, cut, resized to image space, then > 0. */
  toMask(logits: Float32Array): Mask {
    const { width, height } = this.image;
    const data = new Uint8Array(width * height);
    this.#resize(logits).visit((y, spans, values) => {
      const row = y * width;
      const needed = spans.some(({ isInside }) => !isInside);
      const at = needed ? values() : null;
      for (const { from, to, isInside } of spans) {
        if (isInside) data.fill(255, row + from, row + to);
        else {
          for (let x = from; x < to; x++) if (at![x]! > 0) data[row + x] = 255;
        }
      }
    });
    return { width, height, data };
  }

  /**
   * The box of `toMask(logits)`, without building the mask.
   *
   * @returns inclusive corners in image space, or null for an empty mask.
   */
  toBox(logits: Float32Array): Box | null {
    let [x0, y0, x1, y1] = [Infinity, -1, -1, -1];
    this.#resize(logits).visit((y, spans, values) => {
      const [first, last] = [spans[0]!, spans.at(-1)!];
      const isInside = spans.some(({ isInside }) => isInside);
      const [left, right] = isInside && first.from >= x0 && last.to - 1 <= x1
        ? [x0, x1]
        : extent(spans, values());
      if (left > right) return;
      if (y1 < 0) y0 = y;
      y1 = y;
      x0 = Math.min(x0, left);
      x1 = Math.max(x1, right);
    });
    return y1 < 0 ? null : [x0, y0, x1, y1];
  }

  #resize(logits: Float32Array): LogitRows {
    this.#logitAxes ??= this.#makeLogitAxes();
    const { vertical, horizontal } = this.#logitAxes;
    return new LogitRows(logits, this.#side, vertical, horizontal);
  }

  #logitAxes: { vertical: LogitAxis; horizontal: LogitAxis } | undefined;

  #makeLogitAxes() {
    const axis = bilinearAxis(this.#side, this.#size);
    const chain = (scaled: number, image: number) => ({
      first: cutAxis(axis, scaled),
      second: bilinearAxis(scaled, image),
    });
    return {
      vertical: chain(this.scaled.height, this.image.height),
      horizontal: chain(this.scaled.width, this.image.width),
    };
  }
}

/** The first and the last pixel that is inside; Infinity and −1 where none is. */
function extent(spans: Span[], values: Float64Array): [number, number] {
  let [left, right] = [Infinity, -1];
  for (const { from, to, isInside } of spans) {
    let x = from;
    while (x < to && !(isInside || values[x]! > 0)) x++;
    if (x === to) continue;
    left = Math.min(left, x);
    let end = to - 1;
    while (!(isInside || values[end]! > 0)) end--;
    right = end;
  }
  return [left, right];
}

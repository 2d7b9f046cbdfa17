import {
  type Axis,
  bilinearAxis,
  cutAxis,
  resizeBilinear,
  sampleBilinear,
} from "../numerics/bilinear.ts";
import type { UpsampleAxis } from "../numerics/peak.ts";
import type { Box, Mask, Point, Size } from "./types.ts";

/**
 * Every change of coordinates between the image frame (pixels of the file after EXIF rotation, x
 * right, y down) and the model frame (long side resized to S, zero-padded at bottom and right).
 */
export class Frame {
  /** The unpadded part of the model frame. */
  readonly scaled: Size;

  constructor(readonly image: Size, readonly size: number) {
    this.scaled = scaledSize(image, size);
  }

  /** Image-frame pixel to model-frame pixel, as SAM's `ResizeLongestSide.apply_coords`. */
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

  /** The chains grid → 4·grid → model frame → image frame of a similarity map. */
  similarityAxes(
    grid: number,
  ): { vertical: UpsampleAxis; horizontal: UpsampleAxis } {
    const chain = (scaled: number, image: number): UpsampleAxis => ({
      first: bilinearAxis(grid, 4 * grid),
      second: cutAxis(bilinearAxis(4 * grid, this.size), scaled),
      third: bilinearAxis(scaled, image),
    });
    return {
      vertical: chain(this.scaled.height, this.image.height),
      horizontal: chain(this.scaled.width, this.image.width),
    };
  }

  /**
   * Low-res logits resized to the model frame, cut to the unpadded area.
   *
   * @param logits side × side, row-major, over the padded model frame.
   * @returns scaled height × scaled width, row-major.
   */
  cutLogits(logits: Float32Array, side: number): Float64Array {
    const axis = bilinearAxis(side, this.size);
    return resizeBilinear(
      logits,
      side,
      cutAxis(axis, this.scaled.height),
      cutAxis(axis, this.scaled.width),
    );
  }

  /** The mask that low-res logits describe: resized to the image frame, then > 0. */
  toMask(logits: Float32Array, side: number): Mask {
    const cut = this.cutLogits(logits, side);
    const { width, height } = this.image;
    const vertical = bilinearAxis(this.scaled.height, height);
    const horizontal = bilinearAxis(this.scaled.width, width);
    const data = new Uint8Array(width * height);
    const { width: stride } = this.scaled;
    const { rows, columns } = this.#positive(cut, vertical, horizontal);
    for (const y of rows) {
      for (const x of columns) {
        const value = sampleBilinear(cut, stride, vertical, horizontal, x, y);
        if (value > 0) data[y * width + x] = 255;
      }
    }
    return { width, height, data };
  }

  /**
   * The box of `toMask(logits)`, without building the mask: rows and columns that rest on no positive
   * logit are skipped.
   *
   * @returns inclusive corners in the image frame, or null for an empty mask.
   */
  toBox(logits: Float32Array, side: number): Box | null {
    const cut = this.cutLogits(logits, side);
    const { width, height } = this.scaled;
    const vertical = bilinearAxis(height, this.image.height);
    const horizontal = bilinearAxis(width, this.image.width);
    const { rows, columns } = this.#positive(cut, vertical, horizontal);
    const positive = (x: number, y: number) =>
      sampleBilinear(cut, width, vertical, horizontal, x, y) > 0;
    const y0 = rows.find((y) => columns.some((x) => positive(x, y)));
    if (y0 === undefined) return null;
    const y1 = rows.findLast((y) => columns.some((x) => positive(x, y)))!;
    const x0 = columns.find((x) => rows.some((y) => positive(x, y)))!;
    const x1 = columns.findLast((x) => rows.some((y) => positive(x, y)))!;
    return [x0, y0, x1, y1];
  }

  /** Rows and columns of the image that rest on a positive logit; everywhere else it is at most 0. */
  #positive(cut: Float64Array, vertical: Axis, horizontal: Axis) {
    const { width, height } = this.scaled;
    const rowHas = new Uint8Array(height);
    const columnHas = new Uint8Array(width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (cut[y * width + x] > 0) rowHas[y] = columnHas[x] = 1;
      }
    }
    return {
      rows: restingOn(vertical, rowHas),
      columns: restingOn(horizontal, columnHas),
    };
  }
}

/** Size of an image after its long side is resized to `size`, as SAM's `get_preprocess_shape`. */
export function scaledSize({ width, height }: Size, size: number): Size {
  const scale = size / Math.max(width, height);
  return {
    width: Math.max(1, Math.floor(width * scale + 0.5)),
    height: Math.max(1, Math.floor(height * scale + 0.5)),
  };
}

function restingOn(axis: Axis, has: Uint8Array): number[] {
  const out: number[] = [];
  for (let i = 0; i < axis.low.length; i++) {
    if (has[axis.low[i]] || has[axis.high[i]]) out.push(i);
  }
  return out;
}

import { resizeAntialiased } from "../numerics/resize.ts";
import { type Raster, toRgb } from "../core/raster.ts";

/** Longest sides of a tile and of the whole picture, pixels. */
const TILE = 256;
const PICTURE = 4096;
/** Pixels between tiles. */
const GAP = 4;

/** Many pictures, made smaller, in rows on one: left to right, top to bottom. */
export interface Montage {
  /** Puts a picture in the next place; null leaves it empty. */
  add(picture: Raster | null): void;
  picture(): Raster;
}

/** @param count places. */
export function createMontage(count: number): Montage {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const side = Math.max(
    1,
    Math.min(TILE, Math.floor((PICTURE + GAP) / columns) - GAP),
  );
  const width = columns * (side + GAP) - GAP;
  const height = rows * (side + GAP) - GAP;
  const data = new Uint8Array(width * height * 3);
  let place = 0;
  return {
    add(picture) {
      const at = place++;
      if (picture === null) return;
      const tile = shrink(picture, side);
      const left = (at % columns) * (side + GAP) + ((side - tile.width) >> 1);
      const top = Math.floor(at / columns) * (side + GAP) +
        ((side - tile.height) >> 1);
      for (let y = 0; y < tile.height; y++) {
        const line = tile.data.subarray(
          y * tile.width * 3,
          (y + 1) * tile.width * 3,
        );
        data.set(line, ((top + y) * width + left) * 3);
      }
    },
    picture: () => ({ width, height, channels: 3, data }),
  };
}

/** The picture with a longest side of at most so many pixels. */
function shrink(picture: Raster, side: number): Raster {
  const rgb = toRgb(picture);
  const scale = Math.min(1, side / Math.max(rgb.width, rgb.height));
  const width = Math.max(1, Math.round(rgb.width * scale));
  const height = Math.max(1, Math.round(rgb.height * scale));
  const { data } = rgb;
  return {
    width,
    height,
    channels: 3,
    data: resizeAntialiased(data, rgb.width, rgb.height, 3, width, height),
  };
}

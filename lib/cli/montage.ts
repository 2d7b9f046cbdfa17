import { type Raster, toRgb } from "../core/raster.ts";
import { shrink } from "../image/resize.ts";
import { paste } from "./paste.ts";

/** Longest sides of a tile and of the whole picture, pixels. */
const TILE = 256;
const PICTURE = 4096;
/** Pixels between tiles. */
const GAP = 4;

/** Many pictures, made smaller, on one: in rows from left to right. */
export interface Montage {
  /** Puts a picture in the next place; null leaves it empty. */
  add(picture: Raster | null): void;
  picture(): Raster;
}

/** @param count how many pictures it has places for. */
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
  const whole: Raster = { width, height, channels: 3, data };
  let place = 0;
  return {
    add(picture) {
      const at = place++;
      if (picture === null) return;
      const tile = shrink(toRgb(picture), side);
      const left = (at % columns) * (side + GAP) + ((side - tile.width) >> 1);
      const top = Math.floor(at / columns) * (side + GAP) +
        ((side - tile.height) >> 1);
      paste(whole, tile, left, top);
    },
    picture: () => whole,
  };
}

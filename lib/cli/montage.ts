import { type Raster, toRgb } from "../core/raster.ts";
import { shrink } from "../image/resize.ts";

/** Longest sides of a tile and of the whole picture, pixels. */
const TILE = 256;
const PICTURE = 4096;
/** Pixels between tiles. */
const GAP = 4;

/** Many pictures, made smaller, on one: `count` places in rows from left to right. */
export function createMontage(count: number) {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const side = Math.max(
    1,
    Math.min(TILE, Math.floor((PICTURE + GAP) / columns) - GAP),
  );
  const width = columns * (side + GAP) - GAP;
  const height = rows * (side + GAP) - GAP;
  const data = new Uint8Array(width * height * 3);
  const picture: Raster = { width, height, channels: 3, data };
  let place = 0;
  return {
    picture,
    /** Puts a picture in the next place; null leaves it empty. */
    add(one: Raster | null) {
      const at = place++;
      if (one === null) return;
      const tile = shrink(toRgb(one), side);
      const left = (at % columns) * (side + GAP) + ((side - tile.width) >> 1);
      const top = Math.floor(at / columns) * (side + GAP) +
        ((side - tile.height) >> 1);
      paste(picture, tile, left, top);
    },
  };
}

/** Copies an RGB picture onto a larger one, its top left corner to (`left`, `top`). */
export function paste(
  onto: Raster,
  { width, height, data }: Raster,
  left: number,
  top: number,
): void {
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width * 3, (y + 1) * width * 3);
    onto.data.set(row, ((top + y) * onto.width + left) * 3);
  }
}

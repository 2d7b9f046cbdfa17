// @ts-types="@types/d3-contour"
import { contours } from "d3-contour";
import type { Box, Mask } from "../pipeline/types.ts";

/** A closed ring of x, y vertices in image-frame pixels; the last vertex joins the first. */
export type Ring = [number, number][];

/**
 * The outline of a mask, half-way between inside and outside pixels, where pixel (x, y) covers
 * [x, x + 1] × [y, y + 1]; corners are cut at 45°, so that every pixel's centre stays on its side.
 * Holes are rings of their own: fill by the even-odd rule.
 *
 * @param box inclusive corners that hold every inside pixel.
 */
export function outline(mask: Mask, box: Box): Ring[] {
  // One empty pixel all round closes rings at the border of the image.
  const [x0, y0] = [box[0] - 1, box[1] - 1];
  const width = box[2] - box[0] + 3;
  const height = box[3] - box[1] + 3;
  const values = new Array<number>(width * height).fill(0);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      if (mask.data[(y + y0) * mask.width + x + x0] !== 0) {
        values[y * width + x] = 1;
      }
    }
  }
  const { coordinates } = contours().size([width, height]).smooth(false)
    .contour(values, 0.5);
  return coordinates.flat().map((ring) =>
    corners(ring.slice(0, -1)).map((
      [x, y],
    ): [number, number] => [x + x0, y + y0])
  );
}

/** The vertices at which a ring turns. */
function corners(ring: number[][]): number[][] {
  return ring.filter(([x, y], i) => {
    const [px, py] = ring.at(i - 1)!;
    const [nx, ny] = ring[(i + 1) % ring.length];
    return (x - px) * (ny - y) !== (y - py) * (nx - x);
  });
}

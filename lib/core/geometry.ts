/** Width and height in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** A click or a prototype's peak, in pixels of the image; label 1 is inside, 0 outside. */
export interface Point {
  x: number;
  y: number;
  label: 0 | 1;
}

/** Inclusive corners in pixels of the image: x0, y0, x1, y1. */
export type Box = [number, number, number, number];

/** Size of an image after its long side is resized to `size`, as SAM's `get_preprocess_shape`. */
export function scaledSize({ width, height }: Size, size: number): Size {
  const scale = size / Math.max(width, height);
  return {
    width: Math.max(1, Math.floor(width * scale + 0.5)),
    height: Math.max(1, Math.floor(height * scale + 0.5)),
  };
}

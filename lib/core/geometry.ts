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

/**
 * The pixels of an image that hang together with one, side to side (4-connected), where `belongs` holds.
 *
 * @param start index of a pixel that belongs, row-major.
 * @returns indices, `start` first, in the order of a breadth-first search.
 */
export function connectedPixels(
  start: number,
  { width, height }: { width: number; height: number },
  belongs: (pixel: number) => boolean,
): number[] {
  const seen = new Uint8Array(width * height);
  const piece = [start];
  seen[start] = 1;
  for (let next = 0; next < piece.length; next++) {
    const pixel = piece[next];
    const x = pixel % width;
    const visit = (other: number) => {
      if (seen[other] || !belongs(other)) return;
      seen[other] = 1;
      piece.push(other);
    };
    if (x > 0) visit(pixel - 1);
    if (x < width - 1) visit(pixel + 1);
    if (pixel >= width) visit(pixel - width);
    if (pixel < width * (height - 1)) visit(pixel + width);
  }
  return piece;
}

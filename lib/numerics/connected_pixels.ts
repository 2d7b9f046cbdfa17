/**
 * The pixels that are connected to one, side to side (4-connectivity), through pixels that belong; breadth first, in
 * time linear in their number.
 *
 * @param start index of the first pixel, `y · width + x`; it is taken without asking.
 * @param belongs whether the pixel of an index belongs; asked only of pixels that are not seen.
 * @param seen width × height, non-zero for pixels to leave out; those found are marked. Pass the same array again to
 * find one piece after the other.
 * @returns their indices, `start` first.
 */
export function connectedPixels(
  start: number,
  { width, height }: { width: number; height: number },
  belongs: (pixel: number) => boolean,
  seen = new Uint8Array(width * height),
): number[] {
  const found = [start];
  seen[start] = 1;
  const visit = (pixel: number) => {
    if (seen[pixel] !== 0 || !belongs(pixel)) return;
    seen[pixel] = 1;
    found.push(pixel);
  };
  for (let next = 0; next < found.length; next++) {
    const pixel = found[next];
    const x = pixel % width;
    if (x > 0) visit(pixel - 1);
    if (x < width - 1) visit(pixel + 1);
    if (pixel >= width) visit(pixel - width);
    if (pixel < width * (height - 1)) visit(pixel + width);
  }
  return found;
}

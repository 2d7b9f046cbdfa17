/**
 * Packs a decoder's H×W×4 RGBA to H×W×C in place (C = 1 takes red) and frees the rest of the memory. The picture must
 * own its buffer, which is detached.
 */
export function dropAlpha(image: ImageData, channels: 1 | 3): Uint8Array {
  const rgba = image.data as Uint8ClampedArray<ArrayBuffer>;
  const pixels = rgba.length >> 2;
  if (channels === 1) {
    for (let i = 0; i < pixels; i++) rgba[i] = rgba[4 * i];
  } else {
    for (let i = 0, from = 0, to = 0; i < pixels; i++, from += 4, to += 3) {
      rgba[to] = rgba[from];
      rgba[to + 1] = rgba[from + 1];
      rgba[to + 2] = rgba[from + 2];
    }
  }
  return new Uint8Array(rgba.buffer.transfer(pixels * channels));
}

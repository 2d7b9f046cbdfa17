/** Samples in an array of their own. */
type Own = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** The opacities of interleaved RGBA samples up to `max`, as 0..255. */
export function alphaOf(rgba: Own, max: number): Uint8Array {
  const alpha = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < alpha.length; i++) {
    alpha[i] = Math.round(rgba[4 * i + 3] * 255 / max);
  }
  return alpha;
}

/** Packs interleaved RGBA to RGB, or to red alone, in place; the array is detached. */
export function withoutAlpha(rgba: Own, channels: 1 | 3): Own {
  const pixels = rgba.length / 4;
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < channels; c++) {
      rgba[channels * i + c] = rgba[4 * i + c];
    }
  }
  const size = pixels * channels * rgba.BYTES_PER_ELEMENT;
  const packed = rgba.buffer.transfer(size);
  return rgba instanceof Uint8Array
    ? new Uint8Array(packed)
    : new Uint16Array(packed);
}

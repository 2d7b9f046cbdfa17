import type { SampleArray } from "../sample_array.ts";
import type { TiffLayout } from "./layout.ts";

/** Indices to RGB; the map's high bytes serve, whether a writer scaled by 256 or by 257. */
export function expandPalette(
  indices: SampleArray,
  palette: number[],
): Uint8Array {
  const count = palette.length / 3;
  const rgb = new Uint8Array(indices.length * 3);
  for (let i = 0, to = 0; i < indices.length; i++, to += 3) {
    rgb[to] = palette[indices[i]] >> 8;
    rgb[to + 1] = palette[indices[i] + count] >> 8;
    rgb[to + 2] = palette[indices[i] + 2 * count] >> 8;
  }
  return rgb;
}

/** Greys where white is 0, turned round: within their range, or by their sign. */
export function invert(
  values: SampleArray,
  { depth, format }: TiffLayout,
): void {
  const most = format === "unsigned"
    ? 2 ** depth - 1
    : format === "signed"
    ? -1
    : 0;
  for (let i = 0; i < values.length; i++) values[i] = most - values[i];
}

/** Inks to RGB without a profile: each takes its share of light away, and black of all. */
export function fromInks(inks: SampleArray, max: number): SampleArray {
  const Values = max > 255 ? Uint16Array : Uint8Array;
  const rgb = new Values(inks.length / 4 * 3);
  for (let from = 0, to = 0; from < inks.length; from += 4, to += 3) {
    const light = max - inks[from + 3];
    for (let c = 0; c < 3; c++) {
      rgb[to + c] = Math.round((max - inks[from + c]) * light / max);
    }
  }
  return rgb;
}

/** YCbCr to RGB in place, TIFF 6.0 §21 with the levels of §20. */
export function fromYcbcr(
  data: SampleArray,
  { lumaWeights: [red, green, blue], referenceLevels: levels }: TiffLayout,
): void {
  const [y, cb, cr] = [255, 127, 127].map((range, i) => {
    const [black, white] = [levels[2 * i], levels[2 * i + 1]];
    return Float64Array.from(
      { length: 256 },
      (_, code) => ((code - black) * range) / (white - black),
    );
  });
  const byte = (v: number) => v <= 0 ? 0 : v >= 255 ? 255 : Math.floor(v + 0.5);
  for (let i = 0; i < data.length; i += 3) {
    const luma = y[data[i]];
    const r = cr[data[i + 2]] * (2 - 2 * red) + luma;
    const b = cb[data[i + 1]] * (2 - 2 * blue) + luma;
    data[i] = byte(r);
    data[i + 1] = byte((luma - blue * b - red * r) / green);
    data[i + 2] = byte(b);
  }
}

/** Bytes of the data units (§21) of so many pixels: all luma of a unit, then its Cb and its Cr. */
export function unitBytes(
  { tileWidth, chroma: { across, down } }: TiffLayout,
  rows: number,
): number {
  const units = Math.ceil(tileWidth / across) * Math.ceil(rows / down);
  return units * (across * down + 2);
}

/** Data units to pixels of three samples; those of a unit share their chroma. */
export function expandUnits(
  raw: Uint8Array,
  { tileWidth, chroma: { across, down } }: TiffLayout,
  rows: number,
): Uint8Array {
  const out = new Uint8Array(tileWidth * rows * 3);
  let from = 0;
  for (let top = 0; top < rows; top += down) {
    for (let left = 0; left < tileWidth; left += across) {
      const chroma = from + across * down;
      for (let i = 0; i < across * down; i++, from++) {
        const [x, y] = [left + i % across, top + Math.floor(i / across)];
        if (x >= tileWidth || y >= rows) continue;
        const to = (y * tileWidth + x) * 3;
        out[to] = raw[from];
        out[to + 1] = raw[chroma];
        out[to + 2] = raw[chroma + 1];
      }
      from += 2;
    }
  }
  return out;
}

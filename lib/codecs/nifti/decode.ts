import { readErrors } from "../../core/read_errors.ts";
import type { Samples } from "../samples.ts";
import { RGB24, toNumbers } from "./datatypes.ts";
import { type NiftiHeader, readNiftiHeader } from "./header.ts";
import { chooseSlice } from "./slices.ts";
import { rawSlices } from "./voxels.ts";

/** Decodes one slice of a volume; the only one where none is named. */
export async function decodeNifti(
  bytes: Uint8Array,
  slice?: number,
): Promise<Samples> {
  const wanted = chooseSlice(readNiftiHeader(bytes), slice);
  for await (const samples of decodeNiftiSlices(bytes, wanted)) return samples;
  throw readErrors("NIfTI").truncated("before the slice that is wanted");
}

/**
 * Decodes the slices of a NIfTI volume from one on, each as it is stored: x along the first axis, y along the second.
 * Numbers become 16-bit greys that are zero where the scaled voxel is, so that labels keep their meaning; they are
 * shown by the window that the header states (`cal_min`, `cal_max`), or from the least to the greatest finite value
 * of the whole volume. One slice is held at a time; a gzipped file is unpacked once, twice where its window must be
 * found.
 */
export async function* decodeNiftiSlices(
  bytes: Uint8Array,
  from = 0,
): AsyncGenerator<Samples> {
  const header = readNiftiHeader(bytes);
  const { width, height, slope, intercept } = header;
  if (header.datatype === RGB24) {
    for await (const rgb of rawSlices(bytes, header, from)) {
      const data = rgb.slice();
      yield { width, height, channels: 3, max: 255, lossy: false, data };
    }
    return;
  }
  const [low, high] = header.window ?? await rangeOf(bytes, header);
  const span = high > low ? high - low : Infinity;
  const greyOf = (value: number) =>
    Math.floor(Math.min(Math.max(((value - low) * 255) / span, 0), 255) + 0.5);
  // Sample 0 is the value 0, sample 1 + g any other value of grey level g.
  const display = Uint8Array.from(
    { length: 0x10000 },
    (_, sample) => sample === 0 ? greyOf(0) : sample - 1,
  );
  for await (const raw of rawSlices(bytes, header, from)) {
    const numbers = toNumbers(raw, header);
    const data = new Uint16Array(width * height);
    for (let i = 0; i < data.length; i++) {
      const value = Number(numbers[i]) * slope + intercept;
      // NaN counts as 0 and is shown as 0.
      if (value !== 0 && value === value) data[i] = 1 + greyOf(value);
    }
    yield { width, height, channels: 1, max: 256, lossy: false, display, data };
  }
}

/** The least and the greatest finite value of the whole volume, scaled. */
async function rangeOf(
  bytes: Uint8Array,
  header: NiftiHeader,
): Promise<[number, number]> {
  let low = Infinity;
  let high = -Infinity;
  for await (const raw of rawSlices(bytes, header, 0)) {
    const numbers = toNumbers(raw, header);
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i];
      if (number >= low && number <= high) continue;
      if (number < low && number > -Infinity) low = Number(number);
      if (number > high && number < Infinity) high = Number(number);
    }
  }
  if (low > high) return [0, 0];
  const { slope, intercept } = header;
  const ends = [low * slope + intercept, high * slope + intercept];
  return [Math.min(...ends), Math.max(...ends)];
}

import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";
import { GreyHistogram, isShort } from "../grey_histogram.ts";
import type { SampleArray } from "../sample_array.ts";
import type { Samples } from "../samples.ts";
import { chooseSlice, type VolumeHeader } from "./header.ts";
import { planesOf } from "./planes.ts";
import { slicesOf } from "./slices.ts";

/** Decodes one slice of a volume; the only one where none is named. */
export async function decodeSlice(
  file: Uint8Array,
  header: VolumeHeader,
  slice?: number,
): Promise<Samples> {
  const wanted = chooseSlice(header, slice);
  for await (const samples of decodeSlices(file, header, wanted)) {
    return samples;
  }
  throw readErrors(header.format).truncated("before the slice that is wanted");
}

/**
 * Decodes the slices of a volume from one on, each as it is stored: x along the first axis, y along the second. The
 * samples are the true values. Greys are shown by the window that the header states, or else between percentiles of the
 * whole volume ({@linkcode GreyHistogram.range}). One slice is held at a time; a packed file is unpacked twice, once
 * for the window.
 */
export async function* decodeSlices(
  file: Uint8Array,
  header: VolumeHeader,
  from = 0,
): AsyncGenerator<Samples> {
  const shown = header.channels === 1 ? await windowOf(file, header) : {};
  for await (const data of slicesOf(file, header, from)) {
    yield { ...samplesOf(header, header, data), ...shown };
  }
}

/** The values of a plane of a volume as samples, without a window. */
export function samplesOf(
  { channels }: VolumeHeader,
  { width, height }: Size,
  data: SampleArray,
): Samples {
  const max = [0, 255, 65_535][data.BYTES_PER_ELEMENT] ?? Infinity;
  return { width, height, channels, max, lossy: false, data };
}

/** The window of a volume of greys, and a warning where the one that its header states shows nothing. */
async function windowOf(
  file: Uint8Array,
  header: VolumeHeader,
): Promise<Pick<Samples, "window" | "estimated" | "warnings">> {
  let histogram: GreyHistogram | undefined;
  for await (const values of planesOf(file, header)) {
    histogram ??= new GreyHistogram(isShort(values));
    histogram.add(values);
  }
  const estimated = histogram!.range();
  const { low, high } = estimated;
  const { window, format } = header;
  if (window === null) return { window: [low, high], estimated };
  if (!histogram!.isLostBy(...window)) return { window };
  const detail =
    `The ${format} states a window (${window[0]} to ${window[1]}) that shows ` +
    `all voxels black or white; the volume is shown from ${low} to ${high}.`;
  return {
    window: [low, high],
    estimated,
    warnings: [{ code: "window-ignored", detail }],
  };
}

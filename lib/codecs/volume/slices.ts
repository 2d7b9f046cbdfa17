import { emptyLike, type SampleArray } from "../sample_array.ts";
import { framesOfVolume, type VolumeHeader } from "./header.ts";
import { planeLength, planesOf } from "./planes.ts";

/** The values of every slice from one on, height × width × channels. */
export async function* slicesOf(
  file: Uint8Array,
  header: VolumeHeader,
  from: number,
): AsyncGenerator<SampleArray> {
  const { width, height, channels, slices, voxels } = header;
  const { interleaved, strides } = voxels;
  const { count } = framesOfVolume(header);
  const startOf = (frame: number, channel: number) =>
    (frame % slices) * strides.slice +
    Math.floor(frame / slices) * strides.volume + channel * strides.channel;
  const size = planeLength(header);
  const planes = function* (channel: number) {
    for (let frame = from; frame < count; frame++) {
      yield Math.floor(startOf(frame, channel) / size);
    }
  };
  // Channels in planes of their own are read side by side.
  const areApart = channels === 3 && strides.channel >= size;
  const readers = Array.from(
    { length: areApart ? 3 : 1 },
    (_, channel) => planesOf(file, header, planes(channel)),
  );
  try {
    for (let frame = from; frame < count; frame++) {
      const read: SampleArray[] = [];
      for (const reader of readers) read.push((await reader.next()).value!);
      if (interleaved === channels && !areApart) {
        yield read[0]!;
        continue;
      }
      const out = emptyLike(read[0]!, width * height * channels);
      for (let c = 0; c < channels; c++) {
        const plane = read[areApart ? c : 0]!;
        let at = startOf(frame, c) % interleaved;
        for (let i = c; i < out.length; i += channels, at += interleaved) {
          out[i] = plane[at]!;
        }
      }
      yield out;
    }
  } finally {
    for (const reader of readers) await reader.return(undefined);
  }
}

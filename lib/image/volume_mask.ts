import { emptyLike, type SampleArray } from "../codecs/sample_array.ts";
import type { Samples } from "../codecs/samples.ts";
import { samplesOf } from "../codecs/volume/decode.ts";
import type { VolumeHeader } from "../codecs/volume/header.ts";
import { slicesOf } from "../codecs/volume/slices.ts";
import { checkSize, type ImageLimits } from "../core/raster.ts";
import type { AnnotatedImage } from "../dicom/segmentation/annotated_image.ts";
import { placePicture } from "./picture_place.ts";
import { cutVolume, type VolumeCut } from "./volume_cut.ts";

/**
 * The voxels of a mask's volume on the picture that was annotated, as samples of the picture's size. Where both say
 * where they lie, the places decide: the mask's axes may have another order and other directions, and another spacing
 * or extent along axes that are parallel, of which the nearest voxel is taken, with a warning. Where one of them does
 * not say it, a volume of the same size is taken as it is stored. A mask of one slice is taken for every slice of a
 * volume file on whose grid it lies.
 *
 * One slice is held at a time.
 *
 * @throws {EdgeError} `invalid-input` for a mask that lies otherwise, with both places in words; `frame-choice` for one
 * that does not reach the picture.
 */
export async function readVolumeMask(
  bytes: Uint8Array,
  header: VolumeHeader,
  limits: ImageLimits,
  image: AnnotatedImage | undefined,
): Promise<Samples> {
  checkSize(header, limits);
  const picture = image && placePicture(image, limits);
  const cut = cutVolume(header, picture, image?.frame);
  const data = await takeVoxels(bytes, header, cut);
  return { ...samplesOf(header, cut, data), warnings: cut.warnings };
}

async function takeVoxels(
  bytes: Uint8Array,
  header: VolumeHeader,
  { width, height, volume, axes, columns, rows, slice }: VolumeCut,
): Promise<SampleArray> {
  const { channels, slices } = header;
  // How far apart voxels lie in a stored slice, by axis.
  const steps = [channels, channels * header.width, 0];
  const [c, r, across] = axes;
  const isStored = across === 2;
  let out: SampleArray | undefined;
  let k = isStored ? slice : 0;
  const from = volume * slices + k;
  for await (const stored of slicesOf(bytes, header, from)) {
    out ??= emptyLike(stored, width * height * channels);
    const base = slice * steps[across]!;
    for (let y = 0; y < height; y++) {
      const row = rows[y]!;
      if (row < 0 || (r === 2 && row !== k)) continue;
      for (let x = 0; x < width; x++) {
        const column = columns[x]!;
        if (column < 0 || (c === 2 && column !== k)) continue;
        const at = base + row * steps[r]! + column * steps[c]!;
        for (let i = 0; i < channels; i++) {
          out[(y * width + x) * channels + i] = stored[at + i]!;
        }
      }
    }
    if (isStored || ++k === slices) break;
  }
  return out!;
}

import { emptyLike, type SampleArray } from "../codecs/sample_array.ts";
import type { Samples } from "../codecs/samples.ts";
import { chooseSlice, type VolumeHeader } from "../codecs/volume/header.ts";
import { samplesOf } from "../codecs/volume/decode.ts";
import { slicesOf } from "../codecs/volume/slices.ts";
import { EdgeError, invalidInput } from "../core/errors.ts";
import type { Size } from "../core/geometry.ts";
import { checkSize, type ImageLimits } from "../core/raster.ts";
import type { Warning } from "../core/warnings.ts";
import type { AnnotatedImage } from "../dicom/segmentation/annotated_image.ts";
import { axesOf, describeAxes, indicesOn } from "./grid_axes.ts";
import { type PicturePlace, placePicture } from "./picture_place.ts";

/** Axes may lean against each other by less than this over the whole picture, in voxels of the mask. */
const LEAN = 0.5;
/** Grids that differ by less than this are one grid, in voxels. */
const SAME = 0.1;

/** Which voxels of a mask's volume a picture needs. */
interface Cut extends Size {
  /** Which volume in time. */
  volume: number;
  /** The axes of the mask along which columns and rows run, and the one across. */
  axes: readonly [column: number, row: number, across: number];
  /** The index along these axes for every column, for every row, and for the picture; -1 outside of the volume. */
  columns: Int32Array;
  rows: Int32Array;
  slice: number;
  /** Where nearest neighbours were taken. */
  warnings: Warning[];
}

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
  const cut = picture?.plane === undefined || header.affine === null
    ? storedSlice(header, picture, image?.frame)
    : cutOf(header, picture);
  const data = await takeVoxels(bytes, header, cut);
  return { ...samplesOf(header, cut, data), warnings: cut.warnings };
}

/** A slice as it is stored: the only one, or that of the picture's number. */
function storedSlice(
  header: VolumeHeader,
  picture: PicturePlace | undefined,
  frame: number | undefined,
): Cut {
  const { width, height, slices, volumes } = header;
  const index = slices * volumes === 1
    ? 0
    : picture === undefined
    ? chooseSlice(header, frame)
    : sameSlice(header, picture);
  const every = (length: number) => Int32Array.from({ length }, (_, i) => i);
  return {
    width,
    height,
    volume: Math.floor(index / slices),
    axes: [0, 1, 2],
    columns: every(width),
    rows: every(height),
    slice: index % slices,
    warnings: [],
  };
}

function sameSlice(header: VolumeHeader, picture: PicturePlace): number {
  const count = header.slices * header.volumes;
  const isSame = count === picture.frames && header.width === picture.width &&
    header.height === picture.height;
  if (isSame) return picture.frame;
  throw unlike(
    "it is a volume of another size than the image, and not both say where they lie; send the mask of one slice",
    header,
    picture,
  );
}

/** @throws {EdgeError} where the picture lies oblique to the mask, or outside of it. */
function cutOf(header: VolumeHeader, picture: PicturePlace): Cut {
  const { width, height, plane } = picture;
  const on = indicesOn(header.affine!, plane!);
  const lengths = [header.width, header.height, header.slices];
  const axes = axesAlong(on.column, on.row, width, height);
  if (axes === undefined) {
    throw unlike("it lies oblique to the image", header, picture);
  }
  const [c, r, across] = axes;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const columns = along(
    on.origin[c]! + on.row[c]! * middleY,
    on.column[c]!,
    width,
    lengths[c]!,
  );
  const rows = along(
    on.origin[r]! + on.column[r]! * middleX,
    on.row[r]!,
    height,
    lengths[r]!,
  );
  let slice = on.origin[across]! + on.column[across]! * middleX +
    on.row[across]! * middleY;
  const isSame = columns.isSame && rows.isSame;
  if (isSame && picture.isSlice && across === 2 && header.slices === 1) {
    slice = 0;
  }
  const isInside = slice > -0.5 && slice < lengths[across]! - 0.5 &&
    columns.indices.some((i) => i >= 0) && rows.indices.some((i) => i >= 0);
  if (!isInside) {
    throw unlike(
      "it does not reach the image's slice",
      header,
      picture,
      "frame-choice",
    );
  }
  const isResampled = !isSame || Math.abs(slice - Math.round(slice)) > SAME;
  return {
    width,
    height,
    volume: volumeFor(header, picture),
    axes,
    columns: columns.indices,
    rows: rows.indices,
    slice: Math.round(slice),
    warnings: isResampled
      ? [{
        code: "mask-resampled",
        detail:
          "The mask has another grid than the image; the nearest values were taken. " +
          bothInWords(header, picture),
      }]
      : [],
  };
}

/** The axes of a volume along which the columns and rows of a picture run; undefined where they lean against them. */
function axesAlong(
  column: readonly number[],
  row: readonly number[],
  width: number,
  height: number,
): Cut["axes"] | undefined {
  const longest = (v: readonly number[]) => {
    const sizes = v.map(Math.abs);
    return sizes.indexOf(Math.max(...sizes));
  };
  const [c, r] = [longest(column), longest(row)];
  const across = 3 - c - r;
  if (c === r || across < 0 || across > 2) return undefined;
  const leans = [0, 1, 2].some((i) =>
    (i === c ? 0 : Math.abs(column[i]!) * (width - 1)) +
        (i === r ? 0 : Math.abs(row[i]!) * (height - 1)) >= LEAN
  );
  return leans ? undefined : [c, r, across];
}

/** The nearest voxel at each of `count` places, and whether these are the voxels of the axis, one each. */
function along(first: number, step: number, count: number, length: number) {
  const last = first + step * (count - 1);
  const [low, high] = [Math.min(first, last), Math.max(first, last)];
  const isSame = count === length && Math.abs(low) < SAME &&
    Math.abs(high - (length - 1)) < SAME;
  const indices = Int32Array.from({ length: count }, (_, i) => {
    const index = Math.round(first + step * i);
    return index >= 0 && index < length ? index : -1;
  });
  return { indices, isSame };
}

function volumeFor({ volumes }: VolumeHeader, picture: PicturePlace): number {
  if (volumes === 1) return 0;
  if (volumes === picture.volumes) return picture.volume;
  throw invalidInput(
    `Cannot use the mask: it has ${volumes} volumes, the image ${picture.volumes}; send one of them.`,
  );
}

async function takeVoxels(
  bytes: Uint8Array,
  header: VolumeHeader,
  { width, height, volume, axes, columns, rows, slice }: Cut,
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

function bothInWords(header: VolumeHeader, picture: PicturePlace): string {
  const { width, height, slices, affine } = header;
  const place = affine
    ? `, ${describeAxes(axesOf(affine).slice(0, 3))}`
    : ", no place stated";
  return `The mask: ${width}×${height}×${slices} voxels${place}. The image: ${picture.words}.`;
}

function unlike(
  why: string,
  header: VolumeHeader,
  picture: PicturePlace,
  code: "invalid-input" | "frame-choice" = "invalid-input",
): EdgeError {
  const message = `Cannot use the mask: ${why}. ${
    bothInWords(header, picture)
  }`;
  return new EdgeError(code, message);
}

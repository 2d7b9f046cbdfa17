import { chooseSlice, framesOfVolume } from "../codecs/volume/header.ts";
import type { Size } from "../core/geometry.ts";
import { checkSize, type ImageLimits } from "../core/raster.ts";
import {
  type AnnotatedImage,
  readImageFrame,
} from "../dicom/segmentation/annotated_image.ts";
import { FORMATS } from "./formats.ts";
import { axesOf, describeAxes, type PicturePlane } from "./grid_axes.ts";
import { sniffMediaType } from "./media_type.ts";

/** What the header of an annotated image says of the picture that is meant. */
export interface PicturePlace extends Size {
  /** From 0, and how many pictures the file has. */
  frame: number;
  frames: number;
  /** Of a volume in time: which one, and how many there are. */
  volume: number;
  volumes: number;
  /** Where its pixels lie, where the file says it. */
  plane?: PicturePlane;
  /** Whether it is a slice of a volume file. */
  isSlice: boolean;
  /** Its size and place, for people. */
  words: string;
}

/**
 * Finds the picture on which a mask was drawn; decodes no pixels. Undefined for bytes of no known format.
 *
 * @throws {EdgeError}
 */
export function placePicture(
  image: AnnotatedImage,
  limits: ImageLimits,
): PicturePlace | undefined {
  const type = sniffMediaType(image.bytes);
  if (type === undefined) return undefined;
  const format = FORMATS[type];
  const header = format.volume?.(image.bytes);
  const size = header ?? format.readSize(image.bytes, image.frame);
  checkSize(size, limits);
  const { width, height } = size;
  if (header !== undefined) {
    const { slices, volumes, affine } = header;
    const frame = chooseSlice(header, image.frame);
    const axes = affine && axesOf(affine);
    return {
      width,
      height,
      frame,
      frames: framesOfVolume(header).count,
      volume: Math.floor(frame / slices),
      volumes,
      isSlice: true,
      ...(axes && {
        plane: {
          column: axes[0]!,
          row: axes[1]!,
          origin: axes[3]!.map((mm, i) => mm + frame % slices * axes[2]![i]!),
        },
      }),
      words: `${width}×${height}×${slices} voxels` +
        (axes ? `, ${describeAxes(axes.slice(0, 3))}` : ""),
    };
  }
  const place: PicturePlace = {
    width,
    height,
    frame: image.frame ?? 0,
    frames: format.frames?.count(image.bytes).count ?? 1,
    volume: 0,
    volumes: 1,
    isSlice: false,
    words: `${width}×${height} pixels`,
  };
  const grid = readImageFrame(image, limits)?.grid;
  if (grid === undefined) return place;
  // DICOM's axes point to the left and the back.
  const turned = ([x, y, z]: readonly number[], length = 1) => [
    -x! * length,
    -y! * length,
    z! * length,
  ];
  const plane = {
    origin: turned(grid.origin),
    column: turned(grid.row, grid.columnSpacing),
    row: turned(grid.column, grid.rowSpacing),
  };
  const words = `${place.words}, ${describeAxes([plane.column, plane.row])}`;
  return { ...place, plane, words };
}

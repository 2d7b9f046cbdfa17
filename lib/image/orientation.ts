import { readHeifHeader } from "../codecs/heif/header.ts";
import { readJpegExif } from "../codecs/jpeg/markers.ts";
import type { Size } from "../core/geometry.ts";
import type { ImageType } from "./media_type.ts";
import { readPngChunks } from "../codecs/png/chunks.ts";
import { TAG, TiffDirectory } from "../codecs/tiff/ifd.ts";
import { pageOfTiff } from "../codecs/tiff/pages.ts";
import { readWebpChunks } from "../codecs/webp/chunks.ts";

/** EXIF 2.3 table 4: 1 upright; 2 mirrored; 3 half turn; 4 flipped; 5–8 with sides swapped. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/**
 * The orientation that a whole file states: in JPEG's APP1, PNG's eXIf, WebP's EXIF chunk, the own tag of a TIFF's page,
 * the first where none is named, or the transformations of AVIF and HEIC, whose EXIF block does not count. A missing or
 * damaged EXIF block, or a value that does not exist, means upright.
 */
export function readOrientation(
  bytes: Uint8Array,
  type: ImageType,
  frame?: number,
): Orientation {
  switch (type) {
    case "image/jpeg":
      return parseOrientation(readJpegExif(bytes));
    case "image/png":
      return parseOrientation(readPngChunks(bytes).exif);
    case "image/webp":
      return parseOrientation(readWebpChunks(bytes).exif);
    case "image/tiff":
      return orientationOf(() => pageOfTiff(bytes, frame).directory);
    case "image/avif":
    case "image/heic":
      return readHeifHeader(bytes).orientation as Orientation;
    default:
      return 1;
  }
}

/** Tag 274 of a TIFF-shaped EXIF block's first directory. */
export function parseOrientation(exif: Uint8Array | undefined): Orientation {
  return exif === undefined ? 1 : orientationOf(() => new TiffDirectory(exif));
}

function orientationOf(open: () => TiffDirectory): Orientation {
  try {
    const value = open().number(TAG.orientation, 1);
    return value >= 1 && value <= 8 ? value as Orientation : 1;
  } catch {
    return 1; // As Pillow and the browsers do: bad metadata do not spoil a good picture.
  }
}

/**
 * Turns stored pixels upright, into image space. Takes and returns H×W×C uint8; orientations 5 to 8 swap the sides.
 * Upright pictures are returned as they are.
 */
export function orient<T extends Size & { data: Uint8Array }>(
  picture: T,
  orientation: Orientation,
): T {
  if (orientation === 1) return picture;
  const { width: w, height: h, data } = picture;
  const channels = data.length / (w * h);
  // Where the upright picture's pixel (0, 0) is stored, and the steps to its
  // right and lower neighbours.
  const [start, right, down] = {
    2: [w - 1, -1, w],
    3: [w * h - 1, -1, -w],
    4: [w * (h - 1), 1, -w],
    5: [0, w, 1],
    6: [w * (h - 1), -w, 1],
    7: [w * h - 1, -w, -1],
    8: [w - 1, w, -1],
  }[orientation];
  const width = orientation < 5 ? w : h;
  const height = orientation < 5 ? h : w;
  const out = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < height; y++) {
    let from = (start + y * down) * channels;
    for (let x = 0; x < width; x++, from += right * channels) {
      for (let c = 0; c < channels; c++) out[to++] = data[from + c];
    }
  }
  return { ...picture, width, height, data: out };
}

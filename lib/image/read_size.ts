import { readJpegHeader } from "../codecs/jpeg/markers.ts";
import { readNiftiHeader } from "../codecs/nifti/header.ts";
import { readPngHeader } from "../codecs/png/chunks.ts";
import { readTiffSize } from "../codecs/tiff/layout.ts";
import { readWebpChunks } from "../codecs/webp/chunks.ts";
import type { Size } from "../core/geometry.ts";
import { readDicomSize } from "../dicom/pixels/layout.ts";
import type { ImageType } from "./media_type.ts";

const READERS: Record<ImageType, (bytes: Uint8Array) => Size> = {
  "image/png": readPngHeader,
  "image/jpeg": readJpegHeader,
  "image/webp": readWebpChunks,
  "image/tiff": readTiffSize,
  "application/dicom": readDicomSize,
  "application/x-nifti": readNiftiHeader,
};

/**
 * Width and height of the stored picture, before EXIF rotation, from the header alone: PNG IHDR, JPEG SOFn, WebP VP8,
 * VP8L or VP8X, the first TIFF directory, DICOM rows and columns, NIfTI's first two dimensions. Decodes nothing and
 * allocates next to nothing.
 *
 * @throws {EdgeError} for a header that cannot be read.
 */
export function readSize(bytes: Uint8Array, type: ImageType): Size {
  const { width, height } = READERS[type](bytes);
  return { width, height };
}

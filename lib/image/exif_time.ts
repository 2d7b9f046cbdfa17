import { readJpegExif } from "../codecs/jpeg/markers.ts";
import { readPngChunks } from "../codecs/png/chunks.ts";
import { TAG, TiffDirectory } from "../codecs/tiff/ifd.ts";
import { readWebpChunks } from "../codecs/webp/chunks.ts";
import { isoTime } from "../core/iso_time.ts";
import type { ImageType } from "./media_type.ts";

/**
 * When a photograph was taken, by its EXIF block (EXIF 2.3 §4.6.5): the original, else the digitised time, with its zone
 * where that is stated. Null where there is none: a time of modification says nothing.
 */
export function exifTime(bytes: Uint8Array, type: ImageType): string | null {
  try {
    const root = directoryOf(bytes, type);
    const at = root?.number(TAG.exif, 0) ?? 0;
    if (root === undefined || at === 0) return null;
    const exif = new TiffDirectory(root.bytes, at);
    const text = (tag: number) => exif.text(tag).replace(/\0.*$/s, "");
    return isoTime(text(TAG.originalTime), text(TAG.originalZone)) ??
      isoTime(text(TAG.digitizedTime), text(TAG.digitizedZone));
  } catch {
    return null; // As of an orientation: bad metadata do not spoil a good picture.
  }
}

function directoryOf(
  bytes: Uint8Array,
  type: ImageType,
): TiffDirectory | undefined {
  if (type === "image/tiff") return new TiffDirectory(bytes);
  const block = type === "image/jpeg"
    ? readJpegExif(bytes)
    : type === "image/png"
    ? readPngChunks(bytes).exif
    : type === "image/webp"
    ? readWebpChunks(bytes).exif
    : undefined;
  return block && new TiffDirectory(block);
}

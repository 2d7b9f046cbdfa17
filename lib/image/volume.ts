import type { VolumeHeader } from "../codecs/volume/header.ts";
import { FORMATS } from "./formats.ts";
import { openImage } from "./media_type.ts";

/**
 * The header of a volume in whatever format: its grid, its place and what its numbers are. Undefined for a file of a
 * format that holds no volumes.
 *
 * @throws {EdgeError}
 */
export function readVolumeHeader(
  file: Uint8Array,
): VolumeHeader | undefined {
  const { type, bytes } = openImage(file);
  return FORMATS[type].volume?.(bytes);
}

import type { VolumeHeader } from "../codecs/volume/header.ts";
import { FORMATS } from "./formats.ts";
import { checkMediaType } from "./media_type.ts";

/**
 * The header of a volume in whatever format: its grid, its place and what its numbers are. Undefined for a file of a
 * format that holds no volumes.
 *
 * @param declared the media type that the sender stated, if any.
 * @throws {EdgeError}
 */
export function readVolumeHeader(
  bytes: Uint8Array,
  declared?: string,
): VolumeHeader | undefined {
  return FORMATS[checkMediaType(bytes, declared)].volume?.(bytes);
}

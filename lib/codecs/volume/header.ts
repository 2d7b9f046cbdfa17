import { EdgeError } from "../../core/errors.ts";
import {
  type FileFrames,
  MAX_FRAMES,
  requireFrame,
} from "../../core/frames.ts";
import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";
import { MAX_DEFLATE_RATIO } from "../inflate.ts";
import type { Affine } from "./affine.ts";
import { bytesOf, type NumberType } from "./numbers.ts";

/** How the numbers are packed. */
export type Encoding = "raw" | "gzip" | "zlib" | "text" | "hex";

/** The header of a volume, checked, whatever its format. Width and height are those of a slice: the first two axes. */
export interface VolumeHeader extends Size {
  format: "NIfTI" | "NRRD" | "MetaImage";
  /** Slices along the third axis, and volumes along the fourth. */
  slices: number;
  volumes: number;
  /** 3 where a voxel is a colour. */
  channels: 1 | 3;
  type: NumberType;
  littleEndian: boolean;
  /** A value is `number · slope + intercept`. */
  slope: number;
  intercept: number;
  /** Values to be shown as black and white, or null where the file states none. */
  window: readonly [black: number, white: number] | null;
  /** Where the voxels lie, or null where the file does not say. */
  affine: Affine | null;
  /** The same in a space of the file's own, where it says how far apart the voxels lie; null where it does not. */
  steps: Affine | null;
  voxels: Voxels;
}

/** Where the numbers of a volume stand in its file. */
export interface Voxels {
  encoding: Encoding;
  /** The byte at which they, or their packed stream, start. */
  start: number;
  /** Bytes to leave out after unpacking. */
  skip: number;
  /** Numbers that lie side by side at a place of the plane, of which one or all belong to a slice. */
  interleaved: number;
  /** How many numbers lie from a slice, a volume or a channel to the next one. */
  strides: { slice: number; volume: number; channel: number };
}

/** Largest unpacked volume: 512 × 512 × 1000 of 32 bits. */
const MAX_VOLUME = 2 ** 30;
/** Numbers of a colour with its opacity; only these may lie side by side in planes of any size. */
const MAX_COLOUR = 4;
/** Most bytes of a plane in which the numbers of several volumes lie side by side, since it is held as a whole. */
const MAX_PLANE = 2 ** 27;

/** The numbers of a file, all axes and channels. @param interleaved as in {@linkcode Voxels}. */
export interface Extent extends Size {
  slices: number;
  volumes: number;
  /** Numbers of a voxel, those that are not shown too. */
  numbers: number;
}

/**
 * Checks that a volume is not larger than is allowed, and that its file can hold it.
 *
 * @param fileBytes the length of the file.
 * @throws {EdgeError} `malformed`, `too-large` or `truncated`.
 */
export function checkExtent(
  { width, height, slices, volumes, numbers }: Extent,
  { format, type, voxels }: Pick<VolumeHeader, "format" | "type" | "voxels">,
  fileBytes: number,
): void {
  const { malformed, truncated, tooLarge } = readErrors(format);
  const said = `${width}×${height}×${slices}×${volumes} voxels`;
  if (!(Math.min(width, height, slices, volumes) >= 1)) {
    throw malformed(`its header says ${said}.`);
  }
  const count = width * height * slices * volumes * numbers;
  const size = count * bytesOf(type);
  if (!(size <= MAX_VOLUME)) {
    throw tooLarge(
      `its ${said} fill ${size} bytes; at most ${MAX_VOLUME} are accepted.`,
    );
  }
  if (slices * volumes > MAX_FRAMES) {
    throw tooLarge(
      `it has ${slices}×${volumes} slices; at most ${MAX_FRAMES} are accepted.`,
    );
  }
  const { encoding, start, skip, interleaved } = voxels;
  const plane = width * height * interleaved * bytesOf(type);
  if (interleaved > MAX_COLOUR && plane > MAX_PLANE) {
    throw tooLarge(
      `its volumes lie side by side in planes of ${plane} bytes; at most ${MAX_PLANE} are accepted.`,
    );
  }
  const held = Math.max(0, fileBytes - start);
  const enough = {
    raw: skip + size <= held,
    gzip: skip + size <= held * MAX_DEFLATE_RATIO,
    zlib: skip + size <= held * MAX_DEFLATE_RATIO,
    hex: 2 * (skip + size) <= held,
    text: 2 * count - 1 <= held,
  };
  if (!enough[encoding]) throw truncated("before its last voxel");
}

/** The slices of a volume as frames of a file: slice z of volume t is frame t · slices + z. */
export function framesOfVolume({ slices, volumes }: VolumeHeader): FileFrames {
  const count = slices * volumes;
  const positions = Array.from(
    { length: count },
    (_, i) => slices > 1 ? (i % slices) / (slices - 1) : 0,
  );
  return { count, positions: count > 1 ? positions : null, along: null };
}

/**
 * The slice that is wanted; the only one where none is named.
 *
 * @throws {EdgeError} `frame-choice` where there are several and none is named, or where the one named does not
 * exist.
 */
export function chooseSlice(header: VolumeHeader, slice?: number): number {
  const { count } = framesOfVolume(header);
  if (slice === undefined && count > 1) {
    throw new EdgeError(
      "frame-choice",
      `Cannot read the image: it is a volume of ${count} slices; choose one with frame, from 0 to ${
        count - 1
      }.`,
    );
  }
  const wanted = slice ?? 0;
  requireFrame(wanted, count);
  return wanted;
}

import type { InputFile } from "../engine/engine.ts";
import { EdgeError } from "../core/errors.ts";
import type { Bytes } from "../core/bytes.ts";
import type { RangeFile } from "./spool.ts";

/** A file of a series, as it was sent or found. */
export interface SeriesFile {
  file: RangeFile;
  mediaType?: string;
  /** Null for a file that came without one, as one that is all that was sent. */
  name: string | null;
}

/** A file that is read when it is needed, perhaps out of an archive. */
export interface PackedFile {
  name: string | null;
  mediaType?: string;
  /** Bytes. */
  size: number;
  /** The first bytes, fewer than asked for where there are no more. */
  head(length: number): Promise<Uint8Array>;
  read(): Promise<Bytes>;
}

/** One image of a series, read when its turn comes. */
export interface SeriesImage {
  /** What the sender calls it; may name a person, so it goes back to the sender alone. */
  name: string | null;
  /** Where it lies along its volume or series, 0..1, where its file says so. */
  position: number | null;
  /** The file of several frames that it was taken out of. */
  frameOf?: {
    /** Of the file, hex. */
    sha256: string;
    /** From 0. */
    frame: number;
  };
  /** @throws EdgeError or EdgeError when this image is bad; the others are not. */
  read(): Promise<InputFile>;
}

/** What a series may hold. */
export interface SeriesLimits {
  /** Bytes of one image file; those of volumes and archives count for the series alone. */
  maxBytes: number;
  /** Bytes of the series, and of a zip's unpacked files together. */
  maxSeriesBytes: number;
  maxImages: number;
}

/** Where an image lies along a series, 0..1: where its file says, else by its place in the order. */
export function positionOf(
  { position }: SeriesImage,
  index: number,
  total: number,
): number {
  return position ?? (total > 1 ? index / (total - 1) : 0);
}

/** The error of an image whose file is too large. */
export function tooManyBytes(most: number): EdgeError {
  const why = `Cannot read the image: its file is larger than ${most} bytes.`;
  return new EdgeError("too-many-bytes", why);
}

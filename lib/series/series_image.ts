import type { Bytes } from "../core/bytes.ts";
import { EdgeError } from "../core/errors.ts";
import type { FrameFile, InputFile } from "../engine/engine.ts";
import type { RangeFile } from "./range_file.ts";

/** A file of a series, as it was sent or found. */
export interface SeriesFile {
  file: RangeFile;
  mediaType?: string | undefined;
  /** Null for a file without a name, such as one that is the whole body of a request. */
  name: string | null;
}

/** A file that is read when it is needed, which may lie in an archive. */
export interface PackedFile {
  name: string | null;
  mediaType?: string | undefined;
  /** Bytes. */
  size: number;
  /** The first `length` bytes, or all of a shorter file. */
  head(length: number): Promise<Uint8Array>;
  read(): Promise<Bytes>;
}

/** An image's file, and doubts about the file of several frames that it was taken out of. */
export type ReadFile = InputFile & Pick<FrameFile, "warnings">;

/** One image of a series, read when its turn comes. */
export interface SeriesImage {
  /** The sender's name of it; may name a person, so it is returned to the sender alone. */
  name: string | null;
  /** Where it lies along its volume or series, 0..1, as its file says; else null. */
  position: number | null;
  /** Whether it is one by its bytes; any other file holds no place, and cannot be read. */
  isImage: boolean;
  /** The file of several frames that it was taken out of. */
  frameOf?: {
    /** Of the file, hex. */
    sha256: string;
    /** From 0. */
    frame: number;
    /** The file itself. */
    file(): Promise<InputFile>;
  };
  /** @throws EdgeError when this image cannot be read; the others may be readable. */
  read(): Promise<ReadFile>;
}

/** The limits of a series. */
export interface SeriesLimits {
  /** Bytes of one image file. Volumes and archives count only towards `maxSeriesBytes`. */
  maxBytes: number;
  /** Bytes of the series, and of all unpacked files of a zip archive together. */
  maxSeriesBytes: number;
  maxImages: number;
}

/**
 * Where each image lies along a series, 0..1: as its file says, else by its place in the order of the images. Files that
 * are no images lie nowhere, and shift nothing.
 *
 * @example
 * ```ts
 * import { deepEqual } from "node:assert/strict";
 *
 * const position = null;
 * const order = [true, false, true, true].map((isImage) => ({ position, isImage }));
 * deepEqual(positionsOf(order), [0, null, 0.5, 1]);
 * ```
 */
export function positionsOf(
  images: Pick<SeriesImage, "position" | "isImage">[],
): (number | null)[] {
  const last = images.filter(({ isImage }) => isImage).length - 1;
  let before = 0;
  return images.map(({ position, isImage }) => {
    if (!isImage) return null;
    const place = last > 0 ? before++ / last : 0;
    return position ?? place;
  });
}

/** The error of an image file that is larger than the limit. */
export function tooManyBytes(most: number): EdgeError {
  const why = `Cannot read the image: its file is larger than ${most} bytes.`;
  return new EdgeError("too-many-bytes", why);
}

const collator = new Intl.Collator("en", { numeric: true });

/** Compares names with their numbers by value: `slice-9` before `slice-10`. */
export function naturalOrder(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * Whether a path is of a file that systems and burners of discs leave beside images, or of a hidden one: `__MACOSX`,
 * `DICOMDIR`, `Thumbs.db`.
 */
export function isLeftover(path: string): boolean {
  return /(^|\/)(\.|__MACOSX\/|(DICOMDIR|(eh)?Thumbs\.db|desktop\.ini)$)/i
    .test(path);
}

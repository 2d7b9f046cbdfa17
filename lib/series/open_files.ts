import { hexDigest } from "../core/digest.ts";
import { EdgeError, invalidInput, isRetryable } from "../core/errors.ts";
import type { Engine, FrameFile, InputFile } from "../engine/engine.ts";
import type { FileFrames } from "../core/frames.ts";
import { FORMATS } from "../image/formats.ts";
import {
  checkMediaType,
  HEAD_BYTES,
  type ImageType,
  sniffMediaType,
} from "../image/media_type.ts";
import { type OpenedImage, placeByPlanes } from "./place_by_planes.ts";
import {
  type PackedFile,
  type SeriesFile,
  type SeriesImage,
  type SeriesLimits,
  tooManyBytes,
} from "./series_image.ts";
import { joinPairs } from "./join_pairs.ts";
import { isZip, openZip } from "./zip.ts";

/** Splits files of several frames. */
export type FrameReader = Pick<Engine, "countFrames" | "readFrames">;

/** Frames that are read together, because each read sends the whole file to a worker. */
const FRAMES_AT_ONCE = 16;

/**
 * The images of files, in order: every file of an archive, in natural order; every frame of a DICOM or TIFF file, or of
 * a volume in one file or in two; and the image of any other file. A file that cannot be opened becomes an image that
 * cannot be read, and one that is no image by its bytes (a text, a DICOM object without pixels) holds no place among
 * the others.
 *
 * @throws EdgeError for an archive that cannot be opened, and for a file that is the whole body of the request.
 */
export async function openFiles(
  files: SeriesFile[],
  reader: FrameReader,
  limits: SeriesLimits,
): Promise<SeriesImage[]> {
  const images: OpenedImage[] = [];
  const add = (more: OpenedImage[]) => {
    if (images.length + more.length > limits.maxImages) {
      throw tooManyImages(limits);
    }
    for (const image of more) images.push(image);
  };
  const packed: PackedFile[] = [];
  let alone = false;
  for (const { file, mediaType, name } of files) {
    const head = (length: number) => file.read(0, Math.min(length, file.size));
    if (isZip(await head(4))) {
      for (const entry of await openZip(file, limits)) packed.push(entry);
    } else {
      const read = () => file.read(0, file.size);
      packed.push({ name, mediaType, size: file.size, head, read });
      alone = name === null && files.length === 1;
    }
  }
  for (const one of joinPairs(packed)) {
    add(await openFile(one, reader, limits, alone));
  }
  return placeByPlanes(images);
}

async function openFile(
  file: PackedFile,
  reader: FrameReader,
  limits: SeriesLimits,
  alone: boolean,
): Promise<OpenedImage[]> {
  const { name, size } = file;
  const image = (
    read: SeriesImage["read"],
    more: Partial<OpenedImage> = {},
  ): OpenedImage[] => [
    { name, position: null, along: null, isImage: true, ...more, read },
  ];
  const whole = () => readInput(file);
  const requireSize = () => {
    if (size > limits.maxBytes) throw tooManyBytes(limits.maxBytes);
  };
  let found: FileFrames;
  let sha256: string;
  let type: ImageType | undefined;
  let isImage = true;
  try {
    const head = await file.head(HEAD_BYTES);
    if (alone) checkMediaType(head);
    type = sniffMediaType(head);
    isImage = type !== undefined;
    if (type === undefined || FORMATS[type].frames === undefined) {
      requireSize();
      return image(whole, { isImage });
    }
    const bytes = await file.read();
    sha256 = await hexDigest(bytes);
    found = await reader.countFrames({ bytes });
    if (found.count === 1) {
      requireSize();
      const { along, stack } = found;
      return image(whole, { along, ...(stack && { stack }) });
    }
  } catch (error) {
    if (alone || isRetryable(error)) throw error;
    // Such as a structured report: a DICOM object without pixels.
    if (type === "application/dicom" && isUnsupported(error)) isImage = false;
    return image(() => Promise.reject(error), { isImage });
  }
  if (found.count > limits.maxImages) throw tooManyImages(limits);
  return framesOf(file, sha256, found, reader);
}

/** The error of a series of more images than the limit. */
export function tooManyImages({ maxImages }: SeriesLimits): EdgeError {
  return invalidInput(`The series holds more than ${maxImages} images.`);
}

const isUnsupported = (error: unknown) =>
  error instanceof EdgeError && error.code === "unsupported-type";

/** The frames of a file. A read also fetches the frames after it, up to `FRAMES_AT_ONCE`. */
function framesOf(
  file: PackedFile,
  sha256: string,
  { count, positions }: FileFrames,
  reader: FrameReader,
): OpenedImage[] {
  const frames = async (from: number, most: number) =>
    await reader.readFrames(await readInput(file), from, most);
  let start = -1;
  let batch: ReturnType<typeof frames>;

  const read = async (index: number) => {
    const offset = index % FRAMES_AT_ONCE;
    if (index - offset !== start) {
      start = index - offset;
      batch = frames(start, FRAMES_AT_ONCE);
    }
    try {
      return frameAt(await batch, offset);
    } catch (error) {
      if (isRetryable(error)) {
        start = -1;
        throw error;
      }
      // A damaged frame fails the whole batch; this one may be intact.
      return frameAt(await frames(index, 1), 0);
    }
  };
  return Array.from({ length: count }, (_, index) => ({
    name: file.name,
    position: positions?.[index] ?? null,
    along: null,
    isImage: true,
    frameOf: { sha256, frame: index, file: () => readInput(file) },
    read: () => read(index),
  }));
}

async function readInput(file: PackedFile): Promise<InputFile> {
  return { bytes: await file.read(), mediaType: file.mediaType };
}

function frameAt(frames: FrameFile[], index: number): FrameFile {
  const frame = frames[index];
  if (frame !== undefined) return frame;
  throw new Error(`Frame ${index} of ${frames.length} was not read.`);
}

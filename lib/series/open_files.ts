import { hexDigest } from "../core/digest.ts";
import { type EdgeError, invalidInput, isRetryable } from "../core/errors.ts";
import type { Engine, FrameFile, InputFile } from "../engine/engine.ts";
import { type FileFrames, placesAlong } from "../core/frames.ts";
import {
  checkMediaType,
  type ImageType,
  sniffMediaType,
} from "../image/media_type.ts";
import {
  type PackedFile,
  type SeriesFile,
  type SeriesImage,
  type SeriesLimits,
  tooManyBytes,
} from "./series_image.ts";
import { isZip, openZip } from "./zip.ts";

/** Splits files of several frames. */
export type FrameReader = Pick<Engine, "countFrames" | "readFrames">;

/** Bytes that identify the type of a file; NIfTI's magic number is the last of them. */
const HEAD_BYTES = 348;
/** Frames that are read together, because each read sends the whole file to a worker. */
const FRAMES_AT_ONCE = 16;
/** Least distance from the first to the last plane of a series, millimetres. */
const SPREAD_MM = 0.001;

/**
 * An image, and where its plane lies along the normal, millimetres: null unless it is alone in a DICOM file, undefined
 * when it cannot be opened.
 */
type Placed = SeriesImage & { along: number | null | undefined };

/**
 * The images of files, in order: every file of an archive, in natural order; every frame of a DICOM, NIfTI or TIFF
 * file; and the image of any other file. A file that cannot be opened becomes an image that cannot be read.
 *
 * @throws EdgeError for an archive that cannot be opened, and for a file that is the whole body of the request.
 */
export async function openFiles(
  files: SeriesFile[],
  reader: FrameReader,
  limits: SeriesLimits,
): Promise<SeriesImage[]> {
  const images: Placed[] = [];
  const add = (more: Placed[]) => {
    if (images.length + more.length > limits.maxImages) {
      throw tooManyImages(limits);
    }
    for (const image of more) images.push(image);
  };
  for (const { file, mediaType, name } of files) {
    const head = (length: number) => file.read(0, Math.min(length, file.size));
    if (isZip(await head(4), mediaType)) {
      for (const entry of await openZip(file, limits)) {
        add(await openFile(entry, reader, limits, false));
      }
    } else {
      const read = () => file.read(0, file.size);
      const one = { name, mediaType, size: file.size, head, read };
      const alone = name === null && files.length === 1;
      add(await openFile(one, reader, limits, alone));
    }
  }
  return placeByPlanes(images);
}

async function openFile(
  file: PackedFile,
  reader: FrameReader,
  limits: SeriesLimits,
  alone: boolean,
): Promise<Placed[]> {
  const { name, mediaType, size } = file;
  const image = (read: SeriesImage["read"], along: number | null = null) => [
    { name, position: null, along, read },
  ];
  const whole = () => readInput(file);
  const requireSize = () => {
    if (size > limits.maxBytes) throw tooManyBytes(limits.maxBytes);
  };
  let found: FileFrames;
  let sha256: string;
  try {
    const head = await file.head(HEAD_BYTES);
    if (alone) checkMediaType(head, mediaType);
    if (!mayHoldFrames(head)) {
      requireSize();
      return image(whole);
    }
    const bytes = await file.read();
    sha256 = await hexDigest(bytes);
    found = await reader.countFrames({ bytes, mediaType });
    if (found.count === 1) {
      requireSize();
      return image(whole, found.along);
    }
  } catch (error) {
    if (alone || isRetryable(error)) throw error;
    const read = () => Promise.reject(error);
    return [{ name, position: null, along: undefined, read }];
  }
  if (found.count > limits.maxImages) throw tooManyImages(limits);
  return framesOf(file, sha256, found, reader);
}

function tooManyImages({ maxImages }: SeriesLimits): EdgeError {
  return invalidInput(`The series holds more than ${maxImages} images.`);
}

/** Types whose files can have several frames. */
const OF_FRAMES: ImageType[] = [
  "application/dicom",
  "application/x-nifti",
  "image/tiff",
];

function mayHoldFrames(head: Uint8Array): boolean {
  const type = sniffMediaType(head);
  return type !== undefined && OF_FRAMES.includes(type);
}

/** The frames of a file. A read also fetches the frames after it, up to `FRAMES_AT_ONCE`. */
function framesOf(
  file: PackedFile,
  sha256: string,
  { count, positions }: FileFrames,
  reader: FrameReader,
): Placed[] {
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
    frameOf: { sha256, frame: index },
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

/** Gives the images of DICOM files the positions of their planes, if every file that can be opened states its plane. */
function placeByPlanes(images: Placed[]): SeriesImage[] {
  const opened = images.filter(({ along }) => along !== undefined);
  const places = placesAlong(opened.map(({ along }) => along!), SPREAD_MM);
  const placeOf = new Map(opened.map((image, i) => [image, places?.[i]]));
  return images.map((image) => {
    const { along: _, ...rest } = image;
    return { ...rest, position: placeOf.get(image) ?? image.position };
  });
}

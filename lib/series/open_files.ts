import { hexDigest } from "../core/digest.ts";
import type { Engine } from "../engine/engine.ts";
import { type EdgeError, invalidInput, isRetryable } from "../core/errors.ts";
import { type FileFrames, placesAlong } from "../image/frames.ts";
import { checkMediaType, sniffMediaType } from "../image/media_type.ts";
import {
  type PackedFile,
  type SeriesFile,
  type SeriesImage,
  type SeriesLimits,
  tooManyBytes,
} from "./series_image.ts";
import { isZip, openZip } from "./zip.ts";

/** What takes files of several frames apart. */
export type FrameReader = Pick<Engine, "countFrames" | "readFrames">;

/** Bytes that tell what a file is, NIfTI's magic the last of them. */
const HEAD_BYTES = 348;
/** Frames that are read at once, since the whole file goes to a worker each time. */
const FRAMES_AT_ONCE = 16;
/** Millimetres by which planes of a series differ at least, all together. */
const SPREAD_MM = 0.001;

/**
 * An image, and where its plane lies if it is alone in a DICOM file, millimetres; undefined for one that
 * cannot be opened.
 */
type Placed = SeriesImage & { along: number | null | undefined };

/**
 * The images of files, in order: of an archive every file in natural order, of a DICOM or NIfTI file
 * every frame, of any other the one that it is. A file that cannot be opened is an image that cannot be
 * read.
 *
 * @throws EdgeError or EdgeError for an archive that cannot be opened, and for the file itself where it
 * is all that was sent.
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
  const whole = async () => ({ bytes: await file.read(), mediaType });
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
    const bad = { name, position: null, along: undefined };
    return [{ ...bad, read: () => Promise.reject(error) }];
  }
  if (found.count > limits.maxImages) throw tooManyImages(limits);
  return framesOf(file, sha256, found, reader);
}

function tooManyImages({ maxImages }: SeriesLimits): EdgeError {
  return invalidInput(`The series holds more than ${maxImages} images.`);
}

function mayHoldFrames(head: Uint8Array): boolean {
  const type = sniffMediaType(head);
  return type === "application/dicom" || type === "application/x-nifti";
}

/** The frames of a file, some read ahead with the one that is asked for. */
function framesOf(
  file: PackedFile,
  sha256: string,
  { count, positions }: FileFrames,
  reader: FrameReader,
): Placed[] {
  const { name, mediaType } = file;
  const frames = async (from: number, most: number) =>
    await reader.readFrames(
      { bytes: await file.read(), mediaType },
      from,
      most,
    );
  let start = -1;
  let batch: ReturnType<typeof frames>;

  const read = async (index: number) => {
    const offset = index % FRAMES_AT_ONCE;
    if (index - offset !== start) {
      start = index - offset;
      batch = frames(start, FRAMES_AT_ONCE);
    }
    try {
      return (await batch)[offset];
    } catch (error) {
      if (isRetryable(error)) {
        start = -1;
        throw error;
      }
      // A damaged frame spoils those that are read with it; this one may be whole.
      return (await frames(index, 1))[0];
    }
  };
  return Array.from({ length: count }, (_, index) => ({
    name,
    position: positions?.[index] ?? null,
    along: null,
    frameOf: { sha256, frame: index },
    read: () => read(index),
  }));
}

/** Gives the images of DICOM files the positions of their planes, if all that can be opened state it. */
function placeByPlanes(images: Placed[]): SeriesImage[] {
  const opened = images.filter(({ along }) => along !== undefined);
  const places = placesAlong(opened.map(({ along }) => along!), SPREAD_MM);
  const placeOf = new Map(opened.map((image, i) => [image, places?.[i]]));
  return images.map((image) => {
    const { along: _, ...rest } = image;
    return { ...rest, position: placeOf.get(image) ?? image.position };
  });
}

import { ImageError } from "../image/errors.ts";
import { checkMediaType } from "../image/media_type.ts";
import type { SeriesImage, SeriesLimits } from "./series.ts";
import type { RangeFile } from "./spool.ts";
import { openZip, tooManyBytes } from "./zip.ts";

/** A file of a series, as it was sent or found. */
export interface SeriesFile {
  file: RangeFile;
  mediaType?: string;
  name: string | null;
}

const ZIP_TYPES = ["application/zip", "application/x-zip-compressed"];

/** Bytes that tell what a file is. */
const HEAD_BYTES = 132;

/**
 * The images of files, in order: of an archive every file, of a volume every slice, of any other the one
 * that it is.
 *
 * @throws EdgeError for an archive or volume that cannot be opened.
 */
export async function openFiles(
  files: SeriesFile[],
  limits: SeriesLimits,
): Promise<SeriesImage[]> {
  const images: SeriesImage[] = [];
  for (const file of files) images.push(...await openFile(file, limits));
  return images;
}

async function openFile(
  { file, mediaType, name }: SeriesFile,
  limits: SeriesLimits,
): Promise<SeriesImage[]> {
  const head = await file.read(0, Math.min(HEAD_BYTES, file.size));
  const declaredZip = ZIP_TYPES.includes(mediaType ?? "");
  if (isZip(head)) return await openZip(file, limits);
  if (declaredZip) {
    throw new ImageError(
      "media-type-mismatch",
      "Cannot read the series: it was declared as a zip archive, and its bytes are none.",
    );
  }
  // A whole body of no known type is no series; a file among others gives a line that says so.
  if (name === null) checkMediaType(head, mediaType);
  return [{
    name,
    async read() {
      if (file.size > limits.maxBytes) throw tooManyBytes(limits.maxBytes);
      return { bytes: await file.read(0, file.size), mediaType };
    },
  }];
}

/** A local file header, or the end of an empty archive's directory. */
function isZip([p, k, a, b]: Uint8Array): boolean {
  return p === 0x50 && k === 0x4b &&
    (a === 3 && b === 4 || a === 5 && b === 6);
}

import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
// @ts-types="./yauzl.d.ts"
import yauzl, { type Entry, type ZipFile } from "yauzl";
import { type Bytes, concat } from "../core/bytes.ts";
import { EdgeError, invalidInput } from "../core/errors.ts";
import {
  isLeftover,
  naturalOrder,
  type PackedFile,
  type SeriesLimits,
} from "./series_image.ts";
import type { RangeFile } from "./range_file.ts";

/** Bytes read at a time. */
const CHUNK_BYTES = 65_536;

/** Entries of an archive for each image that it may hold: the image, its folder, and what macOS adds to both. */
const ENTRIES_PER_IMAGE = 4;

/**
 * The files of a zip archive in natural order of their paths. Each is inflated when it is read, to at most the size
 * that the archive's directory states. No name of the archive becomes a path on disk. Folders and leftovers (see
 * {@linkcode isLeftover}) are skipped.
 *
 * @throws EdgeError `invalid-input` for an archive that is damaged or holds an unsafe path; `too-many-bytes` for one
 * that would unpack to more than the limits, before anything is inflated.
 */
export async function openZip(
  file: RangeFile,
  limits: SeriesLimits,
): Promise<PackedFile[]> {
  const entries: Entry[] = [];
  let seen = 0;
  let unpacked = 0;
  let zip: ZipFile;
  try {
    zip = await yauzl.fromRandomAccessReaderPromise(
      new Reader(file),
      file.size,
      { strictFileNames: true, autoClose: false },
    );
    for await (const entry of zip.eachEntry()) {
      if (++seen > ENTRIES_PER_IMAGE * limits.maxImages) {
        throw unreadable("it holds too many folders and hidden files");
      }
      const path = entry.fileName;
      if (path.endsWith("/") || isLeftover(path)) continue;
      unpacked += entry.uncompressedSize;
      entries.push(entry);
      if (entries.length > limits.maxImages) {
        throw unreadable(`it holds more than ${limits.maxImages} files`);
      }
    }
  } catch (error) {
    throw error instanceof EdgeError ? error : unreadable(reasonOf(error));
  }
  if (unpacked > limits.maxSeriesBytes) {
    throw new EdgeError(
      "too-many-bytes",
      `Cannot read the zip archive: unpacked it holds more than ${limits.maxSeriesBytes} bytes.`,
    );
  }
  entries.sort((a, b) => naturalOrder(a.fileName, b.fileName));
  return entries.map((entry) => ({
    name: entry.fileName,
    size: entry.uncompressedSize,
    head: (length) => inflate(zip, entry, length),
    async read() {
      const bytes = await inflate(zip, entry);
      if (crc32(bytes) === entry.crc32) return bytes;
      throw damaged("its checksum is wrong");
    },
  }));
}

/** Whether a file is a zip archive, by its first bytes: a local file header, or the end of an empty directory. */
export function isZip([p, k, a, b]: Uint8Array): boolean {
  return p === 0x50 && k === 0x4b &&
    (a === 3 && b === 4 || a === 5 && b === 6);
}

/** The bytes of an entry, or at least its first `most`. */
async function inflate(
  zip: ZipFile,
  entry: Entry,
  most = Infinity,
): Promise<Bytes> {
  try {
    const parts: Uint8Array[] = [];
    let length = 0;
    // The stream fails as soon as it exceeds the size that the directory states.
    for await (const part of await zip.openReadStreamPromise(entry)) {
      parts.push(part);
      length += part.length;
      if (length >= most) break;
    }
    return concat(parts);
  } catch (error) {
    throw damaged(reasonOf(error));
  }
}

function unreadable(why: string): EdgeError {
  return invalidInput(`Cannot read the zip archive: ${why}.`);
}

function damaged(why: string): EdgeError {
  const message = `Cannot unpack the image from the zip archive: ${why}.`;
  return new EdgeError("malformed", message);
}

/** The reason of a yauzl error, in our words: its messages may quote names in the archive, which may name a person. */
function reasonOf(error: unknown): string {
  const message = (error as Error).message ?? "";
  if (/absolute path|relative path|invalid characters/.test(message)) {
    return "it holds a path that leaves the archive";
  }
  if (/encrypted/.test(message)) return "it is encrypted";
  if (/unsupported compression method/.test(message)) {
    return "it is compressed by a method other than deflate";
  }
  if (/too many bytes/.test(message)) return "it is longer than it states";
  return "it is damaged or cut short";
}

/** Lets yauzl read a `RangeFile`. */
class Reader extends yauzl.RandomAccessReader {
  constructor(readonly file: RangeFile) {
    super();
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#chunks(start, end));
  }

  async *#chunks(start: number, end: number) {
    for (let from = start; from < end; from += CHUNK_BYTES) {
      yield await this.file.read(from, Math.min(CHUNK_BYTES, end - from));
    }
  }
}

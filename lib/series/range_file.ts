import type { Bytes } from "../core/bytes.ts";
import { EdgeError } from "../core/errors.ts";

/** Bytes outside memory that are read by ranges. */
export interface RangeFile {
  /** Bytes. */
  readonly size: number;
  /** @throws RangeError when the range ends after the file. */
  read(from: number, length: number): Promise<Bytes>;
}

/** An open file that is read by ranges. Reads run one after another, because they share the file's cursor. */
export class OpenFile implements RangeFile, Disposable {
  #last: Promise<unknown> = Promise.resolve();

  constructor(protected readonly file: Deno.FsFile, public size: number) {}

  static async open(path: string): Promise<OpenFile> {
    const file = await Deno.open(path);
    return new OpenFile(file, (await file.stat()).size);
  }

  read(from: number, length: number): Promise<Bytes> {
    const reading = this.#last.then(async () => {
      if (from < 0 || length < 0 || from + length > this.size) {
        throw outside(from, length, this.size);
      }
      const bytes = new Uint8Array(length);
      await this.file.seek(from, Deno.SeekMode.Start);
      for (let at = 0; at < length;) {
        const read = await this.file.read(bytes.subarray(at));
        if (read === null) {
          throw new RangeError(
            `Cannot read ${length} bytes from ${from}: the file was truncated.`,
          );
        }
        at += read;
      }
      return bytes;
    });
    this.#last = reading.catch(() => {});
    return reading;
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}

/** A section of a file as a file of its own. */
export function sectionOf(
  file: RangeFile,
  start: number,
  size: number,
): RangeFile {
  return {
    size,
    read(from, length) {
      if (from + length > size) {
        return Promise.reject(outside(from, length, size));
      }
      return file.read(start + from, length);
    },
  };
}

function outside(from: number, length: number, size: number): RangeError {
  return new RangeError(
    `Cannot read ${length} bytes from ${from}: the file has ${size}.`,
  );
}

/**
 * A temporary file that is written once and then read by ranges. Its name is removed as soon as it is open, so that the
 * system frees it with the process, however that ends.
 */
export class Spool extends OpenFile {
  /** @throws EdgeError `store-unavailable` when no temporary file can be created. */
  static async create(): Promise<Spool> {
    try {
      const path = await Deno.makeTempFile();
      const file = await Deno.open(path, { read: true, write: true });
      await Deno.remove(path);
      return new Spool(file, 0);
    } catch (cause) {
      throw diskFull(cause);
    }
  }

  /** @throws EdgeError `store-unavailable` when the disk is full. */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.file.write(bytes.subarray(at));
      }
    } catch (cause) {
      throw diskFull(cause);
    }
    this.size += bytes.length;
  }
}

function diskFull(cause: unknown): EdgeError {
  const why =
    "Cannot store the series: the server's disk takes no more; try again later.";
  return new EdgeError("store-unavailable", why, { cause });
}

import { EdgeError } from "../core/errors.ts";
import type { Bytes } from "../core/bytes.ts";

/** Bytes outside memory that are read by ranges. */
export interface RangeFile {
  /** Bytes. */
  readonly size: number;
  /** @throws RangeError when the range ends behind the file. */
  read(from: number, length: number): Promise<Bytes>;
}

/** An open file that is read by ranges; reads wait for each other, since they share its cursor. */
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
        throw new RangeError("The range ends behind the file.");
      }
      const bytes = new Uint8Array(length);
      await this.file.seek(from, Deno.SeekMode.Start);
      for (let at = 0; at < length;) {
        const read = await this.file.read(bytes.subarray(at));
        if (read === null) throw new RangeError("The file was cut short.");
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

/**
 * A temporary file that is written once and then read by ranges. Its name is removed as soon as it is
 * open, so that the system frees it with the process, however that ends.
 */
export class Spool extends OpenFile {
  /** @throws EdgeError `store-unavailable` where the temporary folder takes no file. */
  static async create(): Promise<Spool> {
    try {
      const path = await Deno.makeTempFile();
      const file = await Deno.open(path, { read: true, write: true });
      await Deno.remove(path);
      return new Spool(file, 0);
    } catch (cause) {
      throw noRoom(cause);
    }
  }

  /** @throws EdgeError `store-unavailable` when the disk is full. */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.file.write(bytes.subarray(at));
      }
    } catch (cause) {
      throw noRoom(cause);
    }
    this.size += bytes.length;
  }
}

function noRoom(cause: unknown): EdgeError {
  const why = "The server has no room for the series; try again later.";
  return new EdgeError("store-unavailable", why, { cause });
}

/** A part of a file as a file of its own. */
export function partOf(
  file: RangeFile,
  start: number,
  size: number,
): RangeFile {
  return {
    size,
    read(from, length) {
      if (from + length > size) {
        return Promise.reject(
          new RangeError("The range ends behind the part."),
        );
      }
      return file.read(start + from, length);
    },
  };
}

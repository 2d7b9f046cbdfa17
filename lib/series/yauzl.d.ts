import type { Readable } from "node:stream";

/**
 * The part of yauzl that is used here. `@types/yauzl` brings `@types/node`, whose types conflict with those that Deno
 * has for the same modules.
 */
export interface Entry {
  fileName: string;
  uncompressedSize: number;
  crc32: number;
}

export interface ZipFile {
  eachEntry(): AsyncIterable<Entry>;
  openReadStreamPromise(entry: Entry): Promise<Readable>;
}

declare class RandomAccessReader {
  _readStreamForRange(start: number, end: number): Readable;
}

declare const yauzl: {
  RandomAccessReader: typeof RandomAccessReader;
  fromRandomAccessReaderPromise(
    reader: RandomAccessReader,
    totalSize: number,
    options: { strictFileNames: boolean; autoClose: boolean },
  ): Promise<ZipFile>;
};
export default yauzl;

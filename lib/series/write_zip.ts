import { Zip, ZipPassThrough } from "fflate/browser";

/** A file of an archive. */
export interface ZipFile {
  /** Path in the archive. */
  name: string;
  bytes: Uint8Array;
}

/** The date of every entry, the first that the format knows, so that equal files give equal archives. */
const DATE = new Date(1980, 0, 1);

/**
 * A zip archive of files as they come, each stored as it is: pictures and volumes are compressed already. One file is
 * held at a time.
 */
export async function* writeZip(
  files: AsyncIterable<ZipFile> | Iterable<ZipFile>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let written: Uint8Array<ArrayBuffer>[] = [];
  const zip = new Zip((error, part) => {
    if (error) throw error;
    written.push(part);
  });
  const take = () => {
    const parts = written;
    written = [];
    return parts;
  };
  for await (const { name, bytes } of files) {
    const entry = new ZipPassThrough(name);
    entry.mtime = DATE;
    zip.add(entry);
    entry.push(bytes, true);
    yield* take();
  }
  zip.end();
  yield* take();
}

/**
 * The name of a result in an archive: the number of its image, so that no two are the same, and the image's name without
 * its folders and ending.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 *
 * equal(resultName(7, 120, "../ct/slice 7.dcm", "_mask.png"), "007_slice 7_mask.png");
 * ```
 */
export function resultName(
  index: number,
  total: number,
  name: string | null,
  ending: string,
): string {
  const number = String(index).padStart(String(total - 1).length, "0");
  const stem = (name ?? "image").replace(/^.*[/\\]/s, "")
    .replace(/(\.(nii|hdr))?\.[^.]*$/i, "").replace(/[\p{C}:*?"<>|]/gu, "_");
  return `${number}_${stem.slice(0, 100)}${ending}`;
}

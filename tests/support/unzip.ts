import { openZip } from "../../lib/series/zip.ts";

/** The files of an archive by their names. */
export async function unzip(bytes: Uint8Array<ArrayBuffer>) {
  const read = (from: number, length: number) =>
    Promise.resolve(bytes.slice(from, from + length));
  const all = { maxBytes: 1e9, maxSeriesBytes: 1e9, maxImages: 1e4 };
  const entries = await openZip({ size: bytes.length, read }, all);
  const named = entries.map(async (entry) =>
    [entry.name!, await entry.read()] as const
  );
  return new Map(await Promise.all(named));
}

import { basename, dirname, join } from "node:path";
import type { Bytes } from "../core/bytes.ts";
import { readInputFile } from "../core/files.ts";
import { isLoneHeader, joinVolume, pairNames } from "./volume_pair.ts";

/**
 * Reads an image file that a person named; the header of a volume together with its voxels, which lie beside it under
 * the same name.
 *
 * @throws EdgeError `invalid-input`, naming the file.
 */
export async function readImageFile(path: string): Promise<Bytes> {
  const bytes = await readInputFile(path);
  if (!isLoneHeader(bytes)) return bytes;
  const voxels = await voxelsBeside(path);
  if (voxels === undefined) return bytes;
  return joinVolume(bytes, await readInputFile(voxels)) ?? bytes;
}

/** The path of the voxels that belong to a header by its name; undefined where there are none. */
export async function voxelsBeside(path: string): Promise<string | undefined> {
  const [folder, header] = [dirname(path), basename(path)];
  if (pairNames([header, header.replace(/\.\w+(\.gz)?$/, ".img")]).size === 0) {
    return undefined;
  }
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const found = pairNames(entries.map(({ name }) => name)).get(header);
  return found === undefined ? undefined : join(folder, found);
}

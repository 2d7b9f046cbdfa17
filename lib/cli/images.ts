import { basename, dirname, extname, join, relative } from "node:path";
import { invalidInput } from "../core/errors.ts";
import { unreadable, usingFile } from "../core/files.ts";
import { voxelsBeside } from "../image/read_image_file.ts";
import { pairNames } from "../image/volume_pair.ts";
import {
  isLeftover,
  naturalOrder,
  type SeriesImage,
} from "../series/series_image.ts";
import { type FrameReader, openFiles } from "../series/open_files.ts";
import { OpenFile, type RangeFile } from "../series/range_file.ts";

/** An image that the command line names, alone or in a folder, archive or volume. */
export interface NamedImage extends SeriesImage {
  /** Its name in messages. */
  path: string;
  /** Name of its results; unique. */
  target: string;
  /** The file whose frame it is, and the name of that file's results; null for an image in an archive. */
  source: { path: string; target: string; frame: number } | null;
}

/** No limits but on the size that an archive states for its contents. */
const LIMITS = {
  maxBytes: Infinity,
  maxSeriesBytes: 2 ** 37,
  maxImages: 1_000_000,
};

/**
 * The images of paths: files, folders (their files in natural order), zip archives, and files of several frames (every
 * frame; a volume's header without its voxels takes those of its name beside it). Among several files, one that is no
 * image fails only when it is read.
 *
 * @throws EdgeError when nothing is found, or when results would overwrite each other.
 */
export async function openImages(
  paths: string[],
  reader: FrameReader,
): Promise<NamedImage[]> {
  const images: NamedImage[] = [];
  for (const path of paths) {
    const files = await filesOf(path);
    for (const file of files) {
      const name = file === path ? basename(path) : relative(path, file);
      const alone = paths.length === 1 && file === path;
      const found = await openFile(file, name, alone, reader);
      for (const image of found) images.push(image);
    }
  }
  if (images.length === 0) {
    throw invalidInput(`There is no image in ${paths.join(", ")}.`);
  }
  // Nothing is written of a text that lies beside an image of its name.
  const real = images.filter(({ isImage }) => isImage);
  requireDistinct(real.map(({ target }) => target));
  return images;
}

/** Refuses paths that do not exist or whose results would overwrite each other, before any work. */
export async function requirePaths(paths: string[]): Promise<void> {
  requireDistinct(paths.map((path) => stem(basename(path))));
  for (const path of paths) await isFolder(path);
}

/** The images of one file; those of a volume are numbered. */
async function openFile(
  file: string,
  name: string,
  alone: boolean,
  reader: FrameReader,
): Promise<NamedImage[]> {
  const found = await usingFile(file, async () => {
    const voxels = await voxelsBeside(file);
    if (voxels === undefined) {
      const sent = { file: await onDisk(file), name: alone ? null : name };
      return await openFiles([sent], reader, LIMITS);
    }
    const pair = [
      { file: await onDisk(file), name },
      {
        file: await onDisk(voxels),
        name: join(dirname(name), basename(voxels)),
      },
    ];
    return await openFiles(pair, reader, LIMITS);
  });
  return [...Map.groupBy(found, (image) => image.name)].flatMap(
    ([given, frames]) => {
      const own = given ?? name;
      const whole = stem(own).replaceAll(/[/\\]/g, "_");
      const inside = own === name ? "" : `, ${own}`;
      const digits = String(frames.length - 1).length;
      return frames.map((image, frame) => {
        const number = String(frame).padStart(digits, "0");
        const many = frames.length > 1;
        return {
          ...image,
          path: file + inside + (many ? ` frame ${number}` : ""),
          target: whole + (many ? `_${number}` : ""),
          source: own === name ? { path: file, target: whole, frame } : null,
        };
      });
    },
  );
}

/** A file itself; of a folder the files at any depth, without {@linkcode isLeftover leftovers}. */
async function filesOf(path: string): Promise<string[]> {
  if (!(await isFolder(path))) return [path];
  const files: string[] = [];
  for await (const { name } of Deno.readDir(path)) {
    if (isLeftover(name) || name === "__MACOSX") continue;
    files.push(...await filesOf(`${path.replace(/\/+$/, "")}/${name}`));
  }
  const voxels = new Set(pairNames(files).values());
  return files.filter((file) => !voxels.has(file)).sort(naturalOrder);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** A file that is opened for each read, since a folder may hold thousands. */
async function onDisk(path: string): Promise<RangeFile> {
  const { size } = await Deno.stat(path);
  return {
    size,
    async read(from, length) {
      using file = await OpenFile.open(path);
      return await file.read(from, length);
    },
  };
}

/** A name without its extension; `.nii.gz` and `.hdr.gz` count as one. */
function stem(name: string): string {
  return name.slice(0, name.length - extname(name).length)
    .replace(/\.(nii|hdr)$/i, "");
}

function requireDistinct(names: string[]): void {
  if (new Set(names).size === names.length) return;
  throw invalidInput(
    "Two images have the same name, so their results would overwrite each other.",
  );
}

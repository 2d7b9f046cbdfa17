import { invalidInput } from "../core/errors.ts";
import { naturalOrder, type PackedFile } from "./series_image.ts";

/** An image of an object and its annotation; one of the two may be missing. */
export interface AnnotatedPair {
  /** The folder's name. */
  object: string;
  /** The files' name without its ending. */
  name: string;
  image?: PackedFile;
  mask?: PackedFile;
}

/** `Images/<object>/NN.jpg` and `Annotations/<object>/NN.png`, perhaps in a folder of the set. */
const LAYOUT = /^(.*\/)?(Images|Annotations)\/([^/]+)\/([^/]+)\.[^./]+$/;

/**
 * The pairs of a set in PerSeg layout, in order of object and name. Files outside the layout are not of the set.
 *
 * @throws EdgeError `invalid-input` for files without that layout, or with two files of one name, in
 * one folder or in two.
 */
export function pairAnnotated(files: PackedFile[]): AnnotatedPair[] {
  const pairs = new Map<string, AnnotatedPair>();
  const folders = new Map<string, string>();
  for (const file of files) {
    const found = LAYOUT.exec(file.name ?? "");
    if (found === null) continue;
    const [, folder = "", kind, object = "", name = ""] = found;
    const key = `${object}/${name}`;
    // An image of one set has no annotation in another.
    if ((folders.get(key) ?? folder) !== folder) {
      throw invalidInput(
        "Cannot enrol the archive: two of its folders hold files of one object and name; send each folder by itself.",
      );
    }
    folders.set(key, folder);
    const pair: AnnotatedPair = pairs.get(key) ?? { object, name };
    const what = kind === "Images" ? "image" : "mask";
    if (pair[what] !== undefined) {
      throw invalidInput(
        `Cannot enrol the archive: it holds two files of one name in ${kind}.`,
      );
    }
    pairs.set(key, { ...pair, [what]: file });
  }
  if (pairs.size === 0) {
    throw invalidInput(
      "Cannot enrol the archive: it holds no Images/<object>/NN.jpg with Annotations/<object>/NN.png.",
    );
  }
  return [...pairs.values()].sort((a, b) =>
    naturalOrder(`${a.object}/${a.name}`, `${b.object}/${b.name}`)
  );
}

import { join } from "node:path";
import { invalidInput } from "../core/errors.ts";

/** One image and its annotation. */
export interface Pair {
  name: string;
  /** Paths of the files. */
  image: string;
  mask: string;
}

/** The images of one subject; the first is the reference. There are at least two. */
export interface Subject {
  name: string;
  pairs: [Pair, Pair, ...Pair[]];
}

/** A folder in PerSeg layout: `Images/<subject>/NN.*` and `Annotations/<subject>/NN.png`. */
export interface Dataset {
  name: string;
  /** Those with at least two images; there is at least one. */
  subjects: Subject[];
}

/**
 * The set in a folder, or the sets in the folders below it.
 *
 * @throws EdgeError `invalid-input` for a folder without any.
 */
export function findDatasets(folder: string): Dataset[] {
  const set = readDataset(folder);
  if (set !== null) return [set];
  const sets = entries(folder).flatMap((name) =>
    readDataset(join(folder, name)) ?? []
  );
  if (sets.length > 0) return sets;
  throw invalidInput(
    `Cannot evaluate ${folder}: neither it nor a folder in it holds Images/ and Annotations/.`,
  );
}

function readDataset(folder: string): Dataset | null {
  const subjects = entries(join(folder, "Images")).flatMap(
    (name): Subject[] => {
      const [first, second, ...rest] = pairsOf(folder, name);
      if (first === undefined || second === undefined) return [];
      return [{ name, pairs: [first, second, ...rest] }];
    },
  );
  if (subjects.length === 0) return null;
  return { name: folder.split("/").filter(Boolean).at(-1) ?? folder, subjects };
}

function pairsOf(folder: string, subject: string): Pair[] {
  const images = join(folder, "Images", subject);
  return entries(images).map((file) => {
    const name = file.replace(/\.\w+$/, "");
    const mask = join(folder, "Annotations", subject, `${name}.png`);
    return { name, image: join(images, file), mask };
  });
}

/** The names in a folder, sorted; none where there is no such folder. */
function entries(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  } catch {
    return [];
  }
}

import { join } from "node:path";
import { EdgeError } from "../core/errors.ts";

/** One image and its annotation. */
export interface Pair {
  name: string;
  image: string;
  mask: string;
}

/** The images of one subject; the first is the reference. */
export interface Subject {
  name: string;
  pairs: Pair[];
}

/** A folder in PerSeg layout: `Images/<subject>/NN.*` and `Annotations/<subject>/NN.png`. */
export interface Dataset {
  name: string;
  subjects: Subject[];
}

/**
 * The set in a folder, or the sets in the folders below it.
 *
 * @throws EdgeError `invalid-input` for a folder without any.
 */
export function findDatasets(folder: string): Dataset[] {
  const own = readDataset(folder);
  if (own !== null) return [own];
  const sets = entries(folder).flatMap((name) =>
    readDataset(join(folder, name)) ?? []
  );
  if (sets.length > 0) return sets;
  throw new EdgeError(
    "invalid-input",
    `Cannot evaluate ${folder}: neither it nor a folder in it holds Images/ and Annotations/.`,
  );
}

function readDataset(folder: string): Dataset | null {
  const subjects = entries(join(folder, "Images")).map((name): Subject => ({
    name,
    pairs: entries(join(folder, "Images", name)).map((file) => {
      const stem = file.replace(/\.\w+$/, "");
      return {
        name: stem,
        image: join(folder, "Images", name, file),
        mask: join(folder, "Annotations", name, `${stem}.png`),
      };
    }),
  })).filter(({ pairs }) => pairs.length > 1);
  if (subjects.length === 0) return null;
  return { name: folder.split("/").filter(Boolean).at(-1) ?? folder, subjects };
}

function entries(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  } catch {
    return [];
  }
}

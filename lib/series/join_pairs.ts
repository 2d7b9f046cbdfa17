import { invalidInput } from "../core/errors.ts";
import { joinVolume, pairNames } from "../image/volume_pair.ts";
import type { PackedFile } from "./series_image.ts";

/**
 * Files in which a volume's header and its voxels, known by their names, are one; it stands in the header's place.
 * Files whose names come twice are left as they are, since nothing says which belong together.
 */
export function joinPairs(files: PackedFile[]): PackedFile[] {
  const only = new Map(
    [...Map.groupBy(files, ({ name }) => name)].flatMap(
      ([name, [file, ...more]]) =>
        name === null || more.length > 0 ? [] : [[name, file!]],
    ),
  );
  const pairs = pairNames([...only.keys()]);
  const voxels = new Set(pairs.values());
  return files.flatMap((file) => {
    const other = pairs.get(file.name ?? "");
    if (other !== undefined) return joined(file, only.get(other)!);
    return voxels.has(file.name ?? "") ? [] : file;
  });
}

function joined(header: PackedFile, voxels: PackedFile): PackedFile {
  return {
    name: header.name,
    size: header.size + voxels.size,
    head: (length) => header.head(length),
    async read() {
      const whole = joinVolume(await header.read(), await voxels.read());
      if (whole !== undefined) return whole;
      throw invalidInput(
        "Cannot read the image: its header does not say that its voxels are in another file.",
      );
    },
  };
}

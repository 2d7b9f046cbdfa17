import { isMetaPairHeader, joinMeta } from "../codecs/meta_image/pair.ts";
import { isNiftiPairHeader, joinNifti } from "../codecs/nifti/pair.ts";
import { isNrrdPairHeader, joinNrrd } from "../codecs/nrrd/pair.ts";
import type { Bytes } from "../core/bytes.ts";
import { EdgeError } from "../core/errors.ts";

const PAIRS = [
  { isHeader: isNiftiPairHeader, join: joinNifti },
  { isHeader: isNrrdPairHeader, join: joinNrrd },
  { isHeader: isMetaPairHeader, join: joinMeta },
];

/**
 * A volume in two files as one: the header (`.hdr`, `.nhdr`, `.mhd`) and its voxels (`.img`, `.raw`, …), in either
 * order. Undefined where neither file is such a header.
 *
 * @throws {EdgeError} for a header that cannot be used.
 */
export function joinVolume(a: Uint8Array, b: Uint8Array): Bytes | undefined {
  for (const [header, voxels] of [[a, b], [b, a]] as const) {
    const pair = PAIRS.find(({ isHeader }) => isIntact(isHeader, header));
    if (pair !== undefined) return pair.join(header, voxels);
  }
}

/** Whether a file is the header of a volume whose voxels are in another file. */
export function isLoneHeader(bytes: Uint8Array): boolean {
  return PAIRS.some(({ isHeader }) => isIntact(isHeader, bytes));
}

function isIntact(test: (bytes: Uint8Array) => boolean, bytes: Uint8Array) {
  try {
    return test(bytes);
  } catch (error) {
    if (error instanceof EdgeError) return false;
    throw error;
  }
}

const HEADER = /\.(hdr|nhdr|mhd)(\.gz)?$/i;
const VOXELS = /\.(img|raw|zraw)(\.gz)?$/i;

/** The names of the voxels of each header among the names of files that belong together: those of the same stem. */
export function pairNames(names: string[]): Map<string, string> {
  const voxels = new Map(
    names.filter((name) => VOXELS.test(name))
      .map((name) => [name.replace(VOXELS, ""), name]),
  );
  return new Map(
    names.filter((name) => HEADER.test(name)).flatMap((name) => {
      const found = voxels.get(name.replace(HEADER, ""));
      return found === undefined ? [] : [[name, found]];
    }),
  );
}

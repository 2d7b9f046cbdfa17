import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";

/** One fixture of a folder of tests/parity/golden, as its manifest describes it. */
export interface Fixture {
  name: string;
  bytes: Uint8Array;
  /** The error code that decoding must end with; then there are no pixels. */
  refused?: string;
  width: number;
  height: number;
  channels: 1 | 3;
  /** H×W×C uint8, image space. */
  pixels: Uint8Array;
  /** Greatest difference in grey levels: 0 for lossless files. */
  tolerance: number;
  /** H×W, 0 or 1. */
  mask: Uint8Array | undefined;
  /** H×W: opacity, 0 to 255, and palette indices, of files that have them. */
  alpha: Uint8Array | undefined;
  indices: Uint8Array | undefined;
  /** The frames after the first, each H×W×C uint8. */
  more: Uint8Array[];
  /** Codes of the doubts that reading it tells, where that is known. */
  warnings?: string[];
  /** Where the voxels lie, 3×4 row-major, voxels to RAS millimetres; null where the file does not say. */
  affine?: number[] | null;
  /** Where the frames lie along the volume, for files of several. */
  positions?: number[];
}

const FOLDER = new URL("../parity/golden/images/", import.meta.url);

/** Reads a file of a fixture folder. */
export function readFixture(name: string, folder = FOLDER): Uint8Array {
  return Deno.readFileSync(new URL(name, folder));
}

const unpack = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const unpackIf = (text: string | undefined) =>
  text === undefined ? undefined : unpack(text);

type Packed = "pixels" | "mask" | "alpha" | "indices" | "more";
interface Entry extends Omit<Fixture, "bytes" | Packed> {
  pixels?: string;
  mask?: string;
  alpha?: string;
  indices?: string;
  more?: string[];
}

function readFolder(folder: URL): Fixture[] {
  const manifest = readFixture("manifest.json", folder);
  const entries: Entry[] = JSON.parse(new TextDecoder().decode(manifest));
  return entries.map((entry) => ({
    ...entry,
    bytes: readFixture(entry.name, folder),
    pixels: unpack(entry.pixels ?? ""),
    mask: unpackIf(entry.mask),
    alpha: unpackIf(entry.alpha),
    indices: unpackIf(entry.indices),
    more: (entry.more ?? []).map(unpack),
  }));
}

/** All fixtures, some hundred files of at most a few kB. */
export const fixtures: Fixture[] = [
  "images",
  "dicom",
  "masks",
  "segmentations",
  "dicom_files",
  "tiff_files",
  "volumes",
  "raster_files",
  "library_formats",
].flatMap((name) => readFolder(new URL(`../${name}/`, FOLDER)));

/** The fixture of that name. */
export function fixture(name: string): Fixture {
  const found = fixtures.find((f) => f.name === name);
  if (!found) throw new Error(`no fixture is called ${name}`);
  return found;
}

/**
 * The greatest absolute difference of two arrays of equal length, NaN if the
 * lengths differ.
 */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return NaN;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(a[i] - b[i]));
  }
  return most;
}

/** A PNG chunk with its checksum. */
export function chunk(name: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  out.set(new TextEncoder().encode(name), 4);
  out.set(body, 8);
  view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)));
  return out;
}

import {
  type FileFrames,
  MAX_FRAMES,
  requireFrame,
} from "../../core/frames.ts";
import { readErrors } from "../../core/read_errors.ts";
import type { Warning } from "../../core/warnings.ts";
import { TAG, TiffDirectory } from "./ifd.ts";

const { malformed, truncated, unsupported, tooLarge } = readErrors("TIFF");

/** One picture of a TIFF file. */
export interface TiffPage {
  directory: TiffDirectory;
  /** Which picture of an ImageJ stack, whose directory describes the first one alone. */
  plane?: { index: number; bytes: number };
  warnings: Warning[];
}

interface Pages {
  directories: TiffDirectory[];
  /** The pictures of an ImageJ stack. */
  stack?: { count: number; bytes: number };
  warnings: Warning[];
}

/**
 * The pages of a TIFF file as frames, in the order of its directories, placed by that order.
 *
 * @throws {EdgeError}
 */
export function framesOfTiff(bytes: Uint8Array): FileFrames {
  const { directories, stack } = readPages(bytes);
  const count = stack?.count ?? directories.length;
  const positions = Array.from({ length: count }, (_, i) => i / (count - 1));
  return { count, positions: count > 1 ? positions : null, along: null };
}

/** One page; the first where none is named. @throws {EdgeError} */
export function pageOfTiff(bytes: Uint8Array, frame = 0): TiffPage {
  const { directories, stack, warnings } = readPages(bytes);
  requireFrame(frame, stack?.count ?? directories.length);
  if (stack === undefined) return { directory: directories[frame], warnings };
  const plane = { index: frame, bytes: stack.bytes };
  return { directory: directories[0], plane, warnings };
}

/**
 * The directories of the pictures: without thumbnails, reduced resolutions and transparency masks, unless there is
 * nothing else. Where a file keeps only a thumbnail in its list and the picture below it (TIFF/EP), that is taken.
 */
function readPages(bytes: Uint8Array): Pages {
  const { listed, below, warnings } = walk(bytes);
  if ([...listed, ...below].some(isRaw)) {
    throw unsupported(
      "a developed picture, such as a JPEG or a 16-bit TIFF",
      "a camera's raw file",
    );
  }
  const whole = listed.filter(isWhole);
  const directories = [whole, below.filter(isWhole), listed]
    .find(({ length }) => length > 0)!;
  return { directories, warnings, ...stackOf(listed, warnings) };
}

/**
 * Follows the list of directories, and the sub-directories of the first. A list that leads back to one of its pages
 * ends there, as for other readers.
 */
function walk(bytes: Uint8Array) {
  const listed: TiffDirectory[] = [];
  const warnings: Warning[] = [];
  const seen = new Set<number>();
  let read = 0;
  const open = (at?: number) => {
    const directory = new TiffDirectory(bytes, at);
    seen.add(directory.at);
    // Directories that share bytes would make a small file cost the time of a large one.
    read += directory.size;
    if (read > bytes.length) {
      throw malformed("its directories hold more bytes than the file.");
    }
    return directory;
  };
  listed.push(open());
  for (let { next } = listed[0]; next !== 0; { next } = listed.at(-1)!) {
    if (seen.has(next)) {
      const detail =
        "The list of the TIFF's pages leads back to an earlier page; it was taken to end there.";
      warnings.push({ code: "end-mended", detail });
      break;
    }
    if (listed.length === MAX_FRAMES) {
      throw tooLarge(`it has more than ${MAX_FRAMES} pages.`);
    }
    listed.push(open(next));
  }
  const [first] = listed;
  const below = first.has(TAG.subDirectories)
    ? first.numbers(TAG.subDirectories)!
      .filter((at) => at !== 0 && !seen.has(at)).map(open)
    : [];
  return { listed, below, warnings };
}

/** Whether a page is a picture of its own: neither a reduced one nor a transparency mask (TIFF 6.0 §8, §18). */
function isWhole(page: TiffDirectory): boolean {
  return (page.number(TAG.newSubfileType, 0) & 0b101) === 0 &&
    page.number(TAG.subfileType, 1) !== 2 &&
    page.number(TAG.photometric, 1) !== 4;
}

/** Whether a page holds a sensor's values: a colour filter array (TIFF/EP), or linear raw (DNG). */
function isRaw(page: TiffDirectory): boolean {
  return [32803, 34892].includes(page.number(TAG.photometric, 1));
}

/**
 * The stack that ImageJ writes with a single directory: its description says how many pictures follow one another,
 * as they are, from the first one's bytes on.
 */
function stackOf(
  [first, ...others]: TiffDirectory[],
  warnings: Warning[],
): Pick<Pages, "stack"> {
  const description = first.text(TAG.description);
  if (!description.startsWith("ImageJ=") || others.length > 0) return {};
  const count = Number(/^images=(\d{1,9})$/m.exec(description)?.[1] ?? 1);
  if (count < 2 || first.number(TAG.compression, 1) !== 1) return {};
  const samples = first.number(TAG.samples, 1);
  if (samples > 1 && first.number(TAG.planar, 1) !== 1) return {};
  const bits = first.number(TAG.width, 0) * samples * first.number(TAG.bits, 1);
  const bytes = Math.ceil(bits / 8) * first.number(TAG.height, 0);
  const held = first.bytes.length - first.number(TAG.stripOffsets, Infinity);
  // Programs copy the description of a stack into a file of one of its pictures.
  if (held < 2 * bytes) {
    const detail =
      `The TIFF's description speaks of ${count} pictures; the file holds one, which was read.`;
    warnings.push({ code: "contradiction", detail });
    return {};
  }
  if (held < count * bytes) throw truncated(`before its picture ${count}`);
  if (count > MAX_FRAMES) {
    throw tooLarge(`it has ${count} pictures; at most ${MAX_FRAMES} are read.`);
  }
  return { stack: { count, bytes } };
}

import { concat, hasText } from "../../core/bytes.ts";
import { EdgeError } from "../../core/errors.ts";
import { readErrors } from "../../core/read_errors.ts";
import type { Warning } from "../../core/warnings.ts";
import { skipPadding } from "./entropy.ts";
import {
  isFrame,
  type JpegFrame,
  readFrame,
  readSegment,
  skipScan,
} from "./markers.ts";
import { measureScan } from "./measure.ts";
import {
  readComponents,
  readHuffman,
  readScanHeader,
  type ScanTables,
} from "./scans.ts";

const { damaged, malformed, truncated } = readErrors("JPEG");

const END = Uint8Array.of(0xff, 0xd9);

const NO_END: Warning = {
  code: "end-mended",
  detail:
    "The JPEG has no end-of-image marker. All its picture data are there, and it was read as if it had one.",
};

const STRAYS: Warning = {
  code: "contradiction",
  detail:
    "Between its picture data the JPEG holds bytes that belong to no pixel; they were left out. If it was damaged on its way, some pixels may be wrong.",
};

/** A file without its damage, and what there is to say about it. */
interface Mended {
  bytes: Uint8Array;
  warnings: Warning[];
}

/**
 * Undoes damage that costs no pixels and that every viewer overlooks: stray bytes between segments, padding before
 * restart markers and at the end, scan headers of sequential files that state a progressive range (as Samsung's
 * cameras write), and a missing end-of-image marker. Pixels are not touched; the decoder still refuses what is not
 * whole.
 *
 * @param checked the frame header whose size was checked; it is the file's first.
 * @returns undefined for damage of other kinds.
 */
export function mendJpeg(
  bytes: Uint8Array,
  checked: JpegFrame,
): Mended | undefined {
  if (![0xc0, 0xc1, 0xc2].includes(checked.process)) return undefined;
  try {
    return checked.process === 0xc2
      ? mendProgressive(bytes)
      : mendSequential(bytes, checked);
  } catch (error) {
    if (error instanceof EdgeError) return undefined;
    throw error;
  }
}

/** The data of a sequential file are measured, block by block. */
function mendSequential(bytes: Uint8Array, checked: JpegFrame): Mended {
  const parts = [bytes.subarray(0, 2)];
  const huffman: ScanTables["huffman"] = new Map();
  const missing = new Set<number>();
  let components: ScanTables["components"] | undefined;
  let interval = 0;
  let hasStrays = false;
  for (let at = 2; components === undefined || missing.size > 0;) {
    const { marker, body, end } = readSegment(bytes, at);
    at = end;
    if (marker === 0xd9) {
      throw truncated("before the end of its last component");
    }
    const segment = bytes.slice(end - body.length - 4, end);
    parts.push(segment);
    if (marker === 0xc4) readHuffman(body, huffman);
    else if (marker === 0xdd) interval = (body[0] << 8) | body[1];
    else if (isFrame(marker)) {
      components = readComponents(body, readFrame(body, marker), checked);
      components.forEach((_, i) => missing.add(i));
    } else if (marker === 0xda) {
      if (components === undefined) {
        throw malformed("a scan comes before the frame header.");
      }
      const header = readScanHeader(body, components);
      if (!header.components.every(({ index }) => missing.delete(index))) {
        throw malformed("a scan names a component twice or none.");
      }
      // A sequential scan holds all coefficients at once, T.81 table B.3.
      segment.set([0, 63, 0], 5 + 2 * header.components.length);
      const tables = { ...checked, components, huffman, interval };
      const intervals = measureScan(bytes, at, tables, header);
      intervals.forEach(({ from, to }, i) => {
        if (i > 0) parts.push(Uint8Array.of(0xff, 0xd0 + (i - 1) % 8));
        parts.push(bytes.subarray(from, to));
      });
      const { to } = intervals.at(-1)!;
      at = to;
      hasStrays ||= intervals.slice(1).some(({ from }, i) =>
        skipPadding(bytes, intervals[i].to) < from - 2
      );
      if (missing.size === 0) {
        const warnings = readEnd(bytes, at);
        if (hasStrays) warnings.push(STRAYS);
        return { bytes: concat([...parts, END]), warnings };
      }
    }
  }
  throw malformed("it has no scan.");
}

/** What follows the last scan: the end, with padding before it, or something that no scan holds. */
function readEnd(bytes: Uint8Array, from: number): Warning[] {
  const at = skipPadding(bytes, from);
  if (hasText(bytes, at, "\xff\xd9")) return [];
  if (at >= bytes.length || isTrailer(bytes, from)) return [NO_END];
  throw damaged();
}

/** What cameras append: blocks of Samsung's, a film, another JPEG. */
function isTrailer(bytes: Uint8Array, at: number): boolean {
  return hasText(bytes, at, "\0\0") || hasText(bytes, at + 4, "ftyp") ||
    hasText(bytes, at, "\xff\xd8\xff");
}

/**
 * Of a progressive file, zeros before markers are left out. Were they data, the decoder would miss them.
 */
function mendProgressive(bytes: Uint8Array): Mended {
  const parts = [bytes.subarray(0, 2)];
  const warnings: Warning[] = [];
  for (let at = 2;;) {
    if (skipPadding(bytes, at) >= bytes.length) {
      warnings.push(NO_END);
      break;
    }
    const { marker, body, end } = readSegment(bytes, at);
    at = end;
    if (marker === 0xd9) break;
    parts.push(bytes.subarray(end - body.length - 4, end));
    if (marker === 0xda) {
      const next = endOfScan(bytes, end);
      parts.push(...unpadded(bytes.subarray(end, next)));
      at = next;
    }
  }
  return { bytes: concat([...parts, END]), warnings };
}

/** The marker behind a scan, or the end of the file. */
function endOfScan(bytes: Uint8Array, from: number): number {
  try {
    return skipScan(bytes, from);
  } catch {
    return bytes.length;
  }
}

/** The data of a scan without the zeros before its restart markers and its end. */
function unpadded(data: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  const add = (to: number, next: number) => {
    let end = to;
    while (end > from && data[end - 1] === 0 && data[end - 2] !== 0xff) end--;
    parts.push(data.subarray(from, end), data.subarray(to, next));
    from = next;
  };
  for (let at = data.indexOf(0xff); at >= 0; at = data.indexOf(0xff, at + 1)) {
    if (data[at + 1] >= 0xd0 && data[at + 1] <= 0xd7) add(at, at + 2);
  }
  let end = data.length;
  while (end > from && data[end - 1] === 0xff) end--;
  add(end, end);
  return parts;
}

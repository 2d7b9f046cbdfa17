import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";
import { type JpegFrame, readFrame, readSegment } from "./markers.ts";

const { malformed, truncated } = readErrors("JPEG");

/** What precedes a scan (T.81 §B.2.4) and applies to it. */
export interface ScanTables extends Size {
  precision: number;
  /** In the order of the samples. */
  components: { id: number; sampling: number; quantization: number }[];
  /** Specifications of Huffman tables by class · 16 + destination. */
  huffman: Map<number, Uint8Array>;
  /** 64 steps in zigzag order, by destination. */
  quantization: Map<number, Uint16Array>;
  /** Units between restart markers, or 0. */
  interval: number;
}

/** The header of a scan (T.81 §B.2.3). */
export interface ScanHeader {
  components: { index: number; dc: number; ac: number }[];
  /** Ss, or the predictor of lossless processes. */
  start: number;
  /** Se. */
  end: number;
  /** Ah. */
  high: number;
  /** Al, or the point transform of lossless processes. */
  low: number;
}

/**
 * Walks a sequential JPEG up to the end of its last component, each of which must be in one scan.
 *
 * @param checked the frame header whose size was checked. The one found here must be the same, since memory is spent
 * by it.
 * @param decode decodes the scan whose data start at a byte, and returns where they end.
 * @throws {EdgeError}
 */
export function readScans(
  bytes: Uint8Array,
  checked: JpegFrame,
  decode: (tables: ScanTables, header: ScanHeader, at: number) => number,
): void {
  const huffman = new Map<number, Uint8Array>();
  const quantization = new Map<number, Uint16Array>();
  const missing = new Set<number>();
  let tables: ScanTables | undefined;
  let interval = 0;
  for (let at = 2; tables === undefined || missing.size > 0;) {
    const { marker, body, end } = readSegment(bytes, at);
    at = end;
    if (marker === 0xd9) {
      throw truncated("before the end of its last component");
    }
    if (marker === 0xc4) readHuffman(body, huffman);
    else if (marker === 0xdb) readQuantization(body, quantization);
    else if (marker === 0xdd) interval = (body[0] << 8) | body[1];
    else if (marker >= 0xc0 && marker <= 0xc3) {
      if (tables !== undefined) throw malformed("it has two frame headers.");
      const components = readComponents(body, readFrame(body, marker), checked);
      tables = { ...checked, components, huffman, quantization, interval };
      tables.components.forEach((_, i) => missing.add(i));
    } else if (marker === 0xda) {
      if (tables === undefined) {
        throw malformed("a scan comes before the frame header.");
      }
      const header = readScanHeader(body, tables.components);
      for (const { index } of header.components) {
        if (!missing.delete(index)) {
          throw malformed("a scan names a component twice or none.");
        }
      }
      at = decode({ ...tables, interval }, header, at);
    }
  }
}

/** The components of a frame header, which must say what the checked one says. */
export function readComponents(
  body: Uint8Array,
  { width, height, precision, components }: JpegFrame,
  checked: JpegFrame,
): ScanTables["components"] {
  if (
    width !== checked.width || height !== checked.height ||
    precision !== checked.precision || components !== checked.components
  ) throw malformed("its frame header is not the first one.");
  if (body.length < 6 + 3 * components || components === 0) {
    throw malformed("its frame header is too short.");
  }
  return Array.from({ length: components }, (_, i) => ({
    id: body[6 + 3 * i],
    sampling: body[7 + 3 * i],
    quantization: body[8 + 3 * i],
  }));
}

/** @throws {EdgeError} for a header that is too short. */
export function readScanHeader(
  body: Uint8Array,
  components: ScanTables["components"],
): ScanHeader {
  const count = body[0];
  if (body.length < 4 + 2 * count || count === 0) {
    throw malformed("a scan header is too short.");
  }
  return {
    components: Array.from({ length: count }, (_, i) => ({
      index: components.findIndex(({ id }) => id === body[1 + 2 * i]),
      dc: body[2 + 2 * i] >> 4,
      ac: body[2 + 2 * i] & 15,
    })),
    start: body[1 + 2 * count],
    end: body[2 + 2 * count],
    high: body[3 + 2 * count] >> 4,
    low: body[3 + 2 * count] & 15,
  };
}

/** Adds the tables of a segment, T.81 §B.2.4.2. @throws {EdgeError} */
export function readHuffman(
  body: Uint8Array,
  tables: Map<number, Uint8Array>,
): void {
  for (let at = 0; at < body.length;) {
    const counts = body.subarray(at + 1, at + 17);
    const length = 17 + counts.reduce((sum, n) => sum + n, 0);
    if (at + length > body.length) {
      throw malformed("a Huffman table is cut short.");
    }
    tables.set(body[at], body.subarray(at + 1, at + length));
    at += length;
  }
}

/** Adds the tables of a segment, T.81 §B.2.4.1. @throws {EdgeError} */
export function readQuantization(
  body: Uint8Array,
  tables: Map<number, Uint16Array>,
): void {
  for (let at = 0; at < body.length;) {
    const wide = body[at] >> 4 !== 0;
    const length = wide ? 129 : 65;
    if (at + length > body.length) {
      throw malformed("a quantization table is cut short.");
    }
    const from = at + 1;
    tables.set(
      body[at] & 15,
      Uint16Array.from(
        { length: 64 },
        (_, i) =>
          wide
            ? (body[from + 2 * i] << 8) | body[from + 2 * i + 1]
            : body[from + i],
      ),
    );
    at += length;
  }
}

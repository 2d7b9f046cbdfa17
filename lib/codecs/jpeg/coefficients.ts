import { readErrors } from "../../core/read_errors.ts";
import { decodeBlockOf, type ScanState } from "./blocks.ts";
import { EntropyReader } from "./entropy.ts";
import { isFrame, type JpegFrame, readFrame, readSegment } from "./markers.ts";
import { countUnits, samplingOf } from "./measure.ts";
import {
  readComponents,
  readHuffman,
  readQuantization,
  readScanHeader,
  type ScanHeader,
  type ScanTables,
} from "./scans.ts";

const { malformed, truncated } = readErrors("JPEG");

/** The quantized coefficients of a component. */
export interface Coefficients {
  /** Relative resolution along both axes. */
  h: number;
  v: number;
  /** Blocks that are stored along both axes: whole units. */
  across: number;
  down: number;
  /** 64 values for every block, row-major. */
  values: Int16Array;
  /** Steps of quantization in zigzag order. */
  steps: Uint16Array;
}

/** Progressive files cost one pass over the picture per scan. */
const MAX_SCANS = 40;

/**
 * Reads the coefficients of a sequential or progressive JPEG with Huffman codes (T.81 §F.2, §G.2), of 8 or 12 bits and
 * any number of components, up to its end.
 *
 * @param checked the frame header whose size was checked.
 * @throws {EdgeError} for damaged or cut data; nothing is filled in.
 */
export function readCoefficients(
  bytes: Uint8Array,
  checked: JpegFrame,
): Coefficients[] {
  const huffman: ScanTables["huffman"] = new Map();
  const quantization: ScanTables["quantization"] = new Map();
  const missing = new Set<number>();
  let components: ScanTables["components"] | undefined;
  let found: Coefficients[] = [];
  let interval = 0;
  let scans = 0;
  for (let at = 2;;) {
    const { marker, body, end } = readSegment(bytes, at);
    at = end;
    if (marker === 0xd9) break;
    if (marker === 0xc4) readHuffman(body, huffman);
    else if (marker === 0xdb) readQuantization(body, quantization);
    else if (marker === 0xdd) interval = (body[0] << 8) | body[1];
    else if (isFrame(marker)) {
      if (components !== undefined) {
        throw malformed("it has two frame headers.");
      }
      components = readComponents(body, readFrame(body, marker), checked);
      found = allocate({ ...checked, components });
      components.forEach((_, i) => missing.add(i));
    } else if (marker === 0xda) {
      if (components === undefined) {
        throw malformed("a scan comes before the frame header.");
      }
      if (++scans > MAX_SCANS) {
        throw malformed(`it has over ${MAX_SCANS} scans.`);
      }
      const header = readScanHeader(body, components);
      for (const { index } of header.components) {
        if (found[index] === undefined) {
          throw malformed("a scan names a component that does not exist.");
        }
        missing.delete(index);
        const steps = quantization.get(components[index].quantization);
        if (steps === undefined) {
          throw malformed("a scan names a table that is missing.");
        }
        found[index].steps = steps;
      }
      const tables = { ...checked, components, huffman, interval };
      at = readScan(bytes, at, checked.process, tables, header, found);
      if (missing.size === 0 && checked.process !== 0xc2) break;
    }
  }
  if (components === undefined || missing.size > 0) {
    throw truncated("before the end of its last component");
  }
  return found;
}

type Tables = Omit<ScanTables, "quantization">;

function allocate(
  frame: Pick<Tables, "width" | "height" | "components">,
): Coefficients[] {
  const all = frame.components.map((_, i) => samplingOf(frame, i));
  const units = {
    across: Math.ceil(frame.width / (8 * Math.max(...all.map(({ h }) => h)))),
    down: Math.ceil(frame.height / (8 * Math.max(...all.map(({ v }) => v)))),
  };
  return all.map(({ h, v }) => {
    const [across, down] = [units.across * h, units.down * v];
    const values = new Int16Array(across * down * 64);
    return { h, v, across, down, values, steps: new Uint16Array(64) };
  });
}

/** Reads all blocks of a scan; returns where its data end. */
function readScan(
  bytes: Uint8Array,
  from: number,
  process: number,
  tables: Tables,
  header: ScanHeader,
  found: Coefficients[],
): number {
  const { interval } = tables;
  const scanned = header.components;
  const isAlone = scanned.length === 1;
  const units = countUnits(tables, scanned);
  const state: ScanState = {
    reader: new EntropyReader(bytes, from),
    last: new Int32Array(found.length),
    endOfBand: 0,
  };
  const decode = scanned.map((one) =>
    decodeBlockOf(process, tables.huffman, header, one, state)
  );
  const { reader } = state;
  for (let unit = 0; unit < units.across * units.down; unit++) {
    if (interval > 0 && unit > 0 && unit % interval === 0) {
      reader.restart();
      state.last.fill(0);
      state.endOfBand = 0;
    }
    const [x, y] = [unit % units.across, Math.floor(unit / units.across)];
    for (let i = 0; i < scanned.length; i++) {
      const { h, v, across, values } = found[scanned[i].index];
      const [wide, high] = isAlone ? [1, 1] : [h, v];
      for (let row = y * high; row < (y + 1) * high; row++) {
        for (let column = x * wide; column < (x + 1) * wide; column++) {
          decode[i](values, (row * across + column) * 64);
        }
      }
    }
    reader.requireWhole();
  }
  return reader.end();
}

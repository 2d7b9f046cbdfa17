import { readErrors } from "../../core/read_errors.ts";
import { EntropyReader, huffmanTable } from "./entropy.ts";
import type { ScanHeader, ScanTables } from "./scans.ts";

const { damaged, malformed } = readErrors("JPEG");

/** The data of one restart interval, without what stands before the next marker. */
interface Interval {
  from: number;
  to: number;
}

/**
 * Finds where the data of a sequential scan with Huffman codes (T.81 §F.2) begin and end, interval by interval. Every
 * block is read, so all of them are there.
 *
 * @param from the first byte behind the scan's header.
 * @throws {EdgeError} for data that are damaged or cut.
 */
export function measureScan(
  bytes: Uint8Array,
  from: number,
  tables: Omit<ScanTables, "quantization">,
  { components: scanned }: ScanHeader,
): Interval[] {
  const { huffman, interval } = tables;
  const blocks = scanned.flatMap(({ index, dc, ac }) => {
    const table = {
      dc: huffmanTable(huffman, 0, dc),
      ac: huffmanTable(huffman, 1, ac),
    };
    const { h, v } = samplingOf(tables, index);
    return Array(scanned.length === 1 ? 1 : h * v).fill(table);
  });
  const { across, down } = countUnits(tables, scanned);
  const units = across * down;
  const reader = new EntropyReader(bytes, from);
  const intervals: Interval[] = [];
  let start = from;
  for (let unit = 0; unit < units; unit++) {
    if (interval > 0 && unit > 0 && unit % interval === 0) {
      intervals.push({ from: start, to: reader.end() });
      reader.restart();
      start = reader.at;
    }
    for (const { dc, ac } of blocks) skipBlock(reader, dc, ac);
    reader.requireWhole();
  }
  intervals.push({ from: start, to: reader.end() });
  return intervals;
}

function skipBlock(
  reader: EntropyReader,
  dc: Uint16Array,
  ac: Uint16Array,
): void {
  reader.difference(reader.symbol(dc));
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(ac);
    if ((symbol & 15) === 0) {
      if (symbol !== 0xf0) return;
    } else reader.difference(symbol & 15);
    k += symbol >> 4;
    if (k > 63) throw damaged();
  }
}

/** How many units of a scan there are (T.81 §A.2): of one component, its blocks; of several, those of their frame. */
export function countUnits(
  tables: Pick<ScanTables, "width" | "height" | "components">,
  scanned: ScanHeader["components"],
): { across: number; down: number } {
  const { width, height, components } = tables;
  const all = components.map((_, i) => samplingOf(tables, i));
  const widest = Math.max(...all.map(({ h }) => h));
  const highest = Math.max(...all.map(({ v }) => v));
  const { h, v } = scanned.length === 1
    ? all[scanned[0].index]
    : { h: 1, v: 1 };
  const along = (size: number, sampling: number, most: number) =>
    scanned.length === 1
      ? Math.ceil(Math.ceil(size * sampling / most) / 8)
      : Math.ceil(size / (8 * most));
  return { across: along(width, h, widest), down: along(height, v, highest) };
}

/** The relative resolution of a component. @throws {EdgeError} for one that does not exist. */
export function samplingOf(
  { components }: Pick<ScanTables, "components">,
  index: number,
): { h: number; v: number } {
  const { sampling } = components[index];
  const [h, v] = [sampling >> 4, sampling & 15];
  if (h < 1 || h > 4 || v < 1 || v > 4) {
    throw malformed("a component has a sampling that does not exist.");
  }
  return { h, v };
}

import { readErrors } from "../../core/read_errors.ts";
import { type EntropyReader, huffmanTable } from "./entropy.ts";
import type { ScanHeader, ScanTables } from "./scans.ts";

const { damaged, malformed } = readErrors("JPEG");

/** Row-major place of the k-th coefficient (T.81 figure A.6). */
export const ZIGZAG = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5],
  ...[12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28],
  ...[35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51],
  ...[58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
);

/** What the blocks of a scan share; the last two begin anew in every restart interval. */
export interface ScanState {
  reader: EntropyReader;
  /** The last DC coefficient of every component. */
  last: Int32Array;
  /** Blocks to come whose band holds nothing new. */
  endOfBand: number;
}

/** Reads what a scan says of the block whose 64 coefficients begin at a place. */
type DecodeBlock = (values: Int16Array, at: number) => void;

/** How the blocks of a component are coded in a scan. @throws {EdgeError} for a scan that does not exist. */
export function decodeBlockOf(
  process: number,
  huffman: ScanTables["huffman"],
  header: ScanHeader,
  { index, dc, ac }: ScanHeader["components"][number],
  state: ScanState,
): DecodeBlock {
  const { start, end, high, low, components } = header;
  if (process !== 0xc2) {
    const tables = [
      huffmanTable(huffman, 0, dc),
      huffmanTable(huffman, 1, ac),
    ] as const;
    return (values, at) => sequential(state, index, tables, values, at);
  }
  const isFirst = high === 0;
  if (
    end > 63 || start > end || low > 13 || (!isFirst && high !== low + 1) ||
    (start === 0 ? end > 0 : components.length > 1)
  ) throw malformed("a progressive scan states a range that does not exist.");
  if (start === 0) {
    if (!isFirst) {
      return (values, at) => {
        values[at] |= state.reader.bits(1) << low;
      };
    }
    const table = huffmanTable(huffman, 0, dc);
    return (values, at) => {
      const { reader, last } = state;
      last[index] += reader.difference(reader.symbol(table));
      values[at] = last[index] << low;
    };
  }
  const table = huffmanTable(huffman, 1, ac);
  const decode = isFirst ? firstOfBand : refineBand;
  return (values, at) => decode(state, table, header, values, at);
}

/** T.81 §F.2.2. */
function sequential(
  { reader, last }: ScanState,
  index: number,
  [dc, ac]: readonly [Uint16Array, Uint16Array],
  values: Int16Array,
  at: number,
): void {
  last[index] += reader.difference(reader.symbol(dc));
  values[at] = last[index];
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(ac);
    const size = symbol & 15;
    if (size === 0) {
      if (symbol !== 0xf0) return;
      k += 15;
      continue;
    }
    k += symbol >> 4;
    if (k > 63) throw damaged();
    values[at + ZIGZAG[k]] = reader.difference(size);
  }
}

/** The first scan of a band, T.81 §G.1.2.2. */
function firstOfBand(
  state: ScanState,
  table: Uint16Array,
  { start, end, low }: ScanHeader,
  values: Int16Array,
  at: number,
): void {
  if (state.endOfBand > 0) {
    state.endOfBand--;
    return;
  }
  const { reader } = state;
  for (let k = start; k <= end; k++) {
    const symbol = reader.symbol(table);
    const [run, size] = [symbol >> 4, symbol & 15];
    if (size === 0) {
      if (run < 15) {
        state.endOfBand = (1 << run) + reader.bits(run) - 1;
        return;
      }
      k += 15;
      continue;
    }
    k += run;
    if (k > end) throw damaged();
    values[at + ZIGZAG[k]] = reader.difference(size) << low;
  }
}

/** One more bit of a band, T.81 §G.1.2.3. */
function refineBand(
  state: ScanState,
  table: Uint16Array,
  { start, end, low }: ScanHeader,
  values: Int16Array,
  at: number,
): void {
  const { reader } = state;
  const step = 1 << low;
  const refine = (place: number) => {
    const value = values[place];
    if (reader.bits(1) === 1 && (value & step) === 0) {
      values[place] = value >= 0 ? value + step : value - step;
    }
  };
  let k = start;
  if (state.endOfBand === 0) {
    for (; k <= end; k++) {
      const symbol = reader.symbol(table);
      let run = symbol >> 4;
      let value = 0;
      if ((symbol & 15) !== 0) value = reader.bits(1) === 1 ? step : -step;
      else if (run < 15) {
        state.endOfBand = (1 << run) + reader.bits(run);
        break;
      }
      // Coefficients that are known already get their bit on the way.
      for (; k <= end; k++) {
        const place = at + ZIGZAG[k];
        if (values[place] !== 0) refine(place);
        else if (run-- === 0) {
          values[place] = value;
          break;
        }
      }
    }
  }
  if (state.endOfBand === 0) return;
  state.endOfBand--;
  for (; k <= end; k++) {
    const place = at + ZIGZAG[k];
    if (values[place] !== 0) refine(place);
  }
}

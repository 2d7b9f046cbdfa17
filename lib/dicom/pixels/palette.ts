import { type Dataset, malformed } from "../data_set/data_set.ts";
import { TAG } from "../data_set/tags.ts";
import type { DicomLayout } from "./layout.ts";
import { tableOf } from "./lut.ts";

/** The palette of one colour: the entry of its first index, and the entries as stored. */
interface Palette {
  first: number;
  table: Uint8Array | Uint16Array;
}

const TAGS = [
  [TAG.redDescriptor, TAG.redData, TAG.redSegments],
  [TAG.greenDescriptor, TAG.greenData, TAG.greenSegments],
  [TAG.blueDescriptor, TAG.blueData, TAG.blueSegments],
] as const;

/** Turns indices into 8-bit RGB by the red, green and blue palettes (PS3.3 §C.7.6.3.1.5, .6). */
export function fromPalette(
  { dataset, signed }: DicomLayout,
  data: ArrayLike<number>,
): Uint8Array {
  const rgb = new Uint8Array(data.length * 3);
  const palettes = TAGS.map((tags) => readPalette(dataset, tags, signed));
  const shift = shiftOf(palettes);
  palettes.forEach(({ first, table }, c) => {
    const last = table.length - 1;
    for (let i = 0, to = c; i < data.length; i++, to += 3) {
      rgb[to] = table[Math.min(Math.max(data[i] - first, 0), last)] >> shift;
    }
  });
  return rgb;
}

function readPalette(
  dataset: Dataset,
  [descriptor, data, segments]: typeof TAGS[number],
  signed: boolean,
): Palette {
  const [entries, , bits = 16] = dataset.shorts(descriptor);
  const [, first = 0] = dataset.shorts(descriptor, signed);
  const count = entries || 0x10000;
  const table = entries === undefined
    ? undefined
    : dataset.has(data)
    ? tableOf(dataset, data, count, bits)
    : expandSegments(dataset, segments, count, bits);
  if (table === undefined) {
    throw malformed("its palette is missing or cut short.");
  }
  return { first, table };
}

/**
 * By how many bits the entries of all three palettes exceed 8. The entries tell, since descriptors are often wrong:
 * bytes in words of 16 bits stay as they are, and words are cut to their high byte. Entries below 4096 would be black
 * then; unless their low byte is empty or repeats the high one, they are taken for 9 to 12 bits.
 */
function shiftOf(palettes: Palette[]): number {
  let top = 0;
  let isHigh = true;
  for (const { table } of palettes) {
    for (const entry of table) {
      if (entry > top) top = entry;
      isHigh &&= entry % 256 === 0 || entry % 257 === 0;
    }
  }
  if (top < 256) return 0;
  return isHigh || top > 4095 ? 8 : 24 - Math.clz32(top);
}

/**
 * Expands a segmented palette (PS3.3 §C.7.9.2): discrete entries, lines from the entry before, and copies of earlier
 * segments; undefined where it does not hold all entries.
 */
function expandSegments(
  dataset: Dataset,
  tag: number,
  entries: number,
  bits: number,
): Uint8Array | Uint16Array | undefined {
  const bytes = dataset.bytes(tag);
  if (bytes === undefined) return undefined;
  const size = bits > 8 ? 2 : 1;
  const codes = tableOf(dataset, tag, Math.floor(bytes.length / size), bits);
  if (codes === undefined) return undefined;
  const out = size === 2 ? new Uint16Array(entries) : new Uint8Array(entries);
  let to = 0;
  /** Reads a segment; returns where it ends, or NaN where it is damaged. */
  const expand = (at: number, isCopy: boolean): number => {
    const [code, count] = [codes[at], codes[at + 1]];
    // Segments of nothing would cost time without end.
    if (!(count > 0)) return NaN;
    if (code === 0) {
      const end = at + 2 + count;
      if (end > codes.length || to + count > entries) return NaN;
      out.set(codes.subarray(at + 2, end), to);
      to += count;
      return end;
    }
    if (code === 1) {
      if (at + 3 > codes.length || to === 0 || to + count > entries) return NaN;
      const [from, by] = [out[to - 1], codes[at + 2] - out[to - 1]];
      for (let i = 1; i <= count; i++) {
        out[to++] = Math.round(from + by * i / count);
      }
      return at + 3;
    }
    if (code !== 2 || isCopy) return NaN;
    // The offset has 32 bits, in bytes.
    const parts = 4 / size;
    if (at + 2 + parts > codes.length) return NaN;
    let offset = 0;
    for (let i = parts - 1; i >= 0; i--) {
      offset = offset * 2 ** (8 * size) + codes[at + 2 + i];
    }
    let from = offset / size;
    for (let i = 0; i < count; i++) {
      if (!(from < at)) return NaN;
      from = expand(from, true);
    }
    return Number.isNaN(from) ? NaN : at + 2 + parts;
  };
  for (let at = 0; to < entries;) {
    if (!(at + 2 <= codes.length)) return undefined;
    at = expand(at, false);
  }
  return out;
}

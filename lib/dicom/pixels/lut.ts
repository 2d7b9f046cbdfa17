import type { Dataset } from "../data_set/data_set.ts";
import { TAG } from "../data_set/tags.ts";
import { swapPairs } from "./native.ts";
import type { Step } from "./window.ts";

/** A look-up table; `top` is its greatest output. */
export interface Lut {
  look: Step;
  top: number;
}

/**
 * A modality or VOI LUT (PS3.3 §C.11.1.1.1), or undefined where there is none or it holds no entry.
 *
 * @param signed whether its input can be negative. Then the first value that it maps is read as signed, whatever its
 * representation; otherwise only where that is signed (SS).
 */
export function readLut(
  item: Dataset | undefined,
  signed: boolean,
): Lut | undefined {
  if (item === undefined) return undefined;
  const [entries, , bits = 16] = item.shorts(TAG.lutDescriptor);
  const [, first] = item.shorts(
    TAG.lutDescriptor,
    signed || item.vr(TAG.lutDescriptor) === "SS",
  );
  if (entries === undefined || first === undefined) return undefined;
  const table = tableOf(item, TAG.lutData, entries || 0x10000, bits);
  if (table === undefined) return undefined;
  const last = table.length - 1;
  let top = 0;
  for (const entry of table) top = Math.max(top, entry);
  return {
    look: (value) =>
      table[Math.min(Math.max(Math.round(value) - first, 0), last)],
    top,
  };
}

/**
 * A table of so many entries, in words of 16 bits or, where it is too short for that, in bytes; undefined where it is
 * shorter still.
 *
 * @param bits of an entry, as stated.
 */
export function tableOf(
  dataset: Dataset,
  tag: number,
  entries: number,
  bits: number,
): Uint8Array | Uint16Array | undefined {
  const bytes = dataset.bytes(tag);
  if (bytes === undefined) return undefined;
  const { littleEndian } = dataset.coding;
  const isBytes = bytes.length < 2 * entries &&
    (bits <= 8 || bytes.length <= entries + 1);
  if (isBytes) {
    if (bytes.length < entries) return undefined;
    const isSwapped = !littleEndian && /^(OW|US|SS)$/.test(dataset.vr(tag));
    return (isSwapped ? swapPairs(bytes) : bytes).slice(0, entries);
  }
  if (bytes.length < 2 * entries) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint16Array.from(
    { length: entries },
    (_, i) => view.getUint16(2 * i, littleEndian),
  );
}

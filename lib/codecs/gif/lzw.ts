import { readErrors } from "../../core/read_errors.ts";

const { damaged, truncated } = readErrors("GIF");

/** Codes have 12 bits at most, GIF89a appendix F. */
const MOST_CODES = 4096;

/**
 * Expands the LZW codes of a picture (GIF89a appendix F) to as many indices as are wanted; what follows them is
 * ignored, and where they are fewer the picture is cut.
 */
export function expandLzw(
  data: Uint8Array,
  codeSize: number,
  wanted: number,
): Uint8Array {
  const out = new Uint8Array(wanted);
  const clear = 1 << codeSize;
  const end = clear + 1;
  const prefix = new Uint16Array(MOST_CODES);
  const last = new Uint8Array(MOST_CODES);
  const lengths = new Uint16Array(MOST_CODES);
  for (let code = 0; code < clear; code++) {
    last[code] = code;
    lengths[code] = 1;
  }
  let next = end + 1;
  let bits = codeSize + 1;
  let previous = -1;
  let held = 0;
  let count = 0;
  let at = 0;
  for (let to = 0; to < wanted;) {
    while (count < bits) {
      if (at >= data.length) throw truncated("inside its picture data");
      held |= data[at++] << count;
      count += 8;
    }
    const code = held & ((1 << bits) - 1);
    held >>>= bits;
    count -= bits;
    if (code === clear) {
      next = end + 1;
      bits = codeSize + 1;
      previous = -1;
      continue;
    }
    if (code === end) throw truncated("inside its picture data");
    const isNew = code === next;
    if (code > next || (isNew && (previous < 0 || next === MOST_CODES))) {
      throw damaged();
    }
    // A code that is not in the table yet stands for the last text and its own first letter.
    const known = isNew ? previous : code;
    const length = lengths[known];
    let place = to + length - 1;
    let first = known;
    for (let part = known;; part = prefix[part]) {
      if (place < wanted) out[place] = last[part];
      place--;
      first = part;
      if (part < clear) break;
    }
    to += length;
    if (isNew && to < wanted) out[to] = last[first];
    if (isNew) to++;
    if (previous >= 0 && next < MOST_CODES) {
      prefix[next] = previous;
      last[next] = last[first];
      lengths[next] = lengths[previous] + 1;
      next++;
      if (next === 1 << bits && bits < 12) bits++;
    }
    previous = code;
  }
  return out;
}

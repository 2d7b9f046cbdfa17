/** Decoders of the upper half of single-byte sets, by the numbers of their terms (PS3.3 §C.12.1.1.2). */
const UPPER: Record<string, string> = {
  "13": "shift_jis",
  "100": "iso-8859-1",
  "101": "iso-8859-2",
  "109": "iso-8859-3",
  "110": "iso-8859-4",
  "126": "iso-8859-7",
  "127": "iso-8859-6",
  "138": "iso-8859-8",
  "144": "iso-8859-5",
  "148": "iso-8859-9",
  "166": "tis-620",
  "203": "iso-8859-15",
};

/** Decoders of sets that are used without escape sequences, by their terms. */
const WHOLE: Record<string, string> = {
  "ISO_IR 192": "utf-8",
  "GB18030": "gb18030",
  "GBK": "gbk",
};

/** What escape sequences put into the lower half of the code table (PS3.5 §6.1.2.5.3): ASCII, or a set of two bytes. */
const LOWER_ESCAPES: Record<string, "" | "jis-208" | "jis-212"> = {
  "(B": "",
  "(J": "",
  "$B": "jis-208",
  "$(D": "jis-212",
};

/** The same of the upper half. */
const UPPER_ESCAPES: Record<string, string> = {
  ")I": "shift_jis",
  "-A": "iso-8859-1",
  "-B": "iso-8859-2",
  "-C": "iso-8859-3",
  "-D": "iso-8859-4",
  "-F": "iso-8859-7",
  "-G": "iso-8859-6",
  "-H": "iso-8859-8",
  "-L": "iso-8859-5",
  "-M": "iso-8859-9",
  "-T": "tis-620",
  "-b": "iso-8859-15",
  "$)A": "gbk",
  "$)C": "euc-kr",
};

const ESCAPE = 0x1b;
/** Between the parts of a name and between values, every set is as it was at the beginning (PS3.5 §6.1.2.5.3). */
const DELIMITERS = [0x5c, 0x5e, 0x3d];

/**
 * The text of a value.
 *
 * @param terms of Specific Character Set, with the backslashes between them; empty where the file states none.
 * @returns null where the terms are not known, or the bytes are no text in them.
 */
export function decodeText(bytes: Uint8Array, terms: string): string | null {
  if (isPlain(bytes)) return String.fromCharCode(...bytes);
  const [first = ""] = terms.split("\\").map((term) => term.trim());
  try {
    const whole = WHOLE[first];
    return whole !== undefined
      ? decode(whole, bytes)
      : decodeParts(bytes, UPPER[first.replace(/^ISO(_IR| 2022 IR) /, "")]);
  } catch {
    return null;
  }
}

/** Whether bytes mean the same in every set: plain ASCII without escape sequences. */
const isPlain = (bytes: Uint8Array) =>
  bytes.every((byte) => byte < 0x80 && byte !== ESCAPE);

const decode = (label: string, bytes: Iterable<number>) =>
  new TextDecoder(label, { fatal: true }).decode(Uint8Array.from(bytes));

/** Text whose code table escape sequences change. @throws where it is none. */
function decodeParts(bytes: Uint8Array, initial: string | undefined): string {
  let [lower, upper, text] = ["", initial, ""];
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at]!;
    if (byte === ESCAPE) {
      const escape = escapeAt(bytes, at + 1);
      if (escape in LOWER_ESCAPES) lower = LOWER_ESCAPES[escape]!;
      else upper = UPPER_ESCAPES[escape];
      at += 1 + escape.length;
      continue;
    }
    const isUpper = byte > 0x7f;
    let end = at + 1;
    if (isUpper || lower !== "") {
      const isSame = (next: number) =>
        next > 0x7f === isUpper && next !== ESCAPE;
      while (end < bytes.length && isSame(bytes[end]!)) end++;
    }
    const run = bytes.subarray(at, end);
    if (isUpper) text += decodeUpper(run, upper);
    else if (lower !== "") text += decodePairs(run, lower);
    else {
      text += String.fromCharCode(byte);
      if (DELIMITERS.includes(byte)) upper = initial;
    }
    at = end;
  }
  return text;
}

/** The known escape sequence at a byte, without its first one. @throws where there is none. */
function escapeAt(bytes: Uint8Array, at: number): string {
  const next = String.fromCharCode(...bytes.subarray(at, at + 3));
  for (const length of [2, 3]) {
    const escape = next.slice(0, length);
    if (escape in LOWER_ESCAPES || escape in UPPER_ESCAPES) return escape;
  }
  throw new Error("The escape sequence is not known.");
}

/** @throws for bytes that the set does not have. */
function decodeUpper(bytes: Uint8Array, label: string | undefined): string {
  const most = label === "shift_jis" ? 0xdf : 0xff;
  if (
    label === undefined || bytes.some((byte) => byte < 0xa0 || byte > most)
  ) {
    throw new Error("The set has no such bytes.");
  }
  return decode(label, bytes);
}

/** Japanese sets of two bytes, as EUC-JP has them. @throws for bytes that the set does not have. */
function decodePairs(bytes: Uint8Array, set: string): string {
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i += 2) {
    if (set === "jis-212") out.push(0x8f);
    out.push(...bytes.subarray(i, i + 2).map((byte) => byte | 0x80));
  }
  return decode("euc-jp", out);
}

import { readErrors } from "../../core/read_errors.ts";
import {
  bytesOf,
  IS_LITTLE_ENDIAN,
  type NumberType,
  toNumbers,
} from "./numbers.ts";

/** Numbers, or pairs of digits, that are read at once. */
const BLOCK = 4096;
/** Longest number in text; 64-bit floats need 24 characters. */
const MAX_LENGTH = 64;

/** Numbers written in ASCII, separated by white space or commas, as bytes in the order of this machine. */
export function* textBytes(
  text: Uint8Array,
  type: NumberType,
  format: string,
): Generator<Uint8Array> {
  const { malformed } = readErrors(format);
  const isInteger = !type.startsWith("float");
  let at = 0;
  const next = (): string => {
    while (at < text.length && isSpace(text[at]!)) at++;
    const start = at;
    while (at < text.length && !isSpace(text[at]!)) at++;
    if (at - start > MAX_LENGTH) throw malformed("a number is too long.");
    return String.fromCharCode(...text.subarray(start, at));
  };
  while (at < text.length) {
    const bytes = new Uint8Array(BLOCK * bytesOf(type));
    const numbers = toNumbers(bytes, { type, littleEndian: IS_LITTLE_ENDIAN });
    let count = 0;
    for (; count < BLOCK; count++) {
      const word = next();
      if (word === "") break;
      const value = toNumber(word, isInteger);
      if (value === undefined) throw malformed("its text is not of numbers.");
      numbers[count] = numbers instanceof BigInt64Array ||
          numbers instanceof BigUint64Array
        ? BigInt(value)
        : value;
    }
    yield bytes.subarray(0, count * bytesOf(type));
  }
}

function toNumber(word: string, isInteger: boolean): number | undefined {
  if (/^[-+]?\d+$/.test(word)) return Number(word);
  if (isInteger) return /^[-+]?\d+\.0*$/.test(word) ? Number(word) : undefined;
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word)) return Number(word);
  const [, sign, name] = /^([-+]?)(nan|inf)(?:inity)?$/i.exec(word) ?? [];
  if (name === undefined) return undefined;
  if (name.toLowerCase() === "nan") return NaN;
  return sign === "-" ? -Infinity : Infinity;
}

/** Bytes written as pairs of hexadecimal digits; white space does not count. */
export function* hexBytes(
  text: Uint8Array,
  format: string,
): Generator<Uint8Array> {
  let at = 0;
  let high = -1;
  while (at < text.length) {
    const bytes = new Uint8Array(BLOCK);
    let count = 0;
    for (; at < text.length && count < BLOCK; at++) {
      if (isSpace(text[at]!)) continue;
      const digit = parseInt(String.fromCharCode(text[at]!), 16);
      if (Number.isNaN(digit)) {
        throw readErrors(format).malformed("its digits are not hexadecimal.");
      }
      if (high < 0) {
        high = digit;
      } else {
        bytes[count++] = high * 16 + digit;
        high = -1;
      }
    }
    yield bytes.subarray(0, count);
  }
}

/** Space, tab, line ends and commas. */
function isSpace(code: number): boolean {
  return code === 0x20 || code >= 9 && code <= 13 || code === 0x2c;
}

import { malformed } from "../data_set/data_set.ts";
import { MAX_MM } from "../data_set/grid.ts";

const SPACE = 0x20;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
/** Characters of a number, for which the standard allows 16 (PS3.5 §6.2). */
const MAX_NUMBER = 64;

/**
 * Reads the points of a contour, x\y\z\x\y\z… as decimal strings (PS3.3 §C.8.8.6), one after another. Nothing is kept,
 * so a contour of millions of points takes no memory.
 *
 * @param visit takes the coordinates of each point, millimetres in the patient's frame of reference.
 * @returns how many points there are.
 * @throws {EdgeError} where one is no point within a kilometre.
 */
export function readPoints(
  bytes: Uint8Array,
  visit: (x: number, y: number, z: number) => void,
): number {
  let end = bytes.length;
  while (end > 0 && isFiller(bytes[end - 1]!)) end--;
  let points = 0;
  let axis = 0;
  let x = 0;
  let y = 0;
  for (let from = 0; from < end;) {
    let to = from;
    while (to < end && bytes[to] !== BACKSLASH) to++;
    const value = readNumber(bytes, from, to);
    from = to + 1;
    if (axis === 0) x = value;
    else if (axis === 1) y = value;
    else {
      visit(x, y, value);
      points++;
    }
    axis = (axis + 1) % 3;
  }
  if (axis !== 0) throw malformed("a contour ends inside a point.");
  return points;
}

const POWERS = Array.from({ length: MAX_NUMBER + 1 }, (_, i) => 10 ** i);

/** Padding, and the separator that some writers leave at the end. */
const isFiller = (byte: number) =>
  byte === SPACE || byte === 0 || byte === BACKSLASH;

/** A decimal string in the bytes from one position to another. */
function readNumber(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  let end = to;
  while (at < end && isBlank(bytes[at]!)) at++;
  while (end > at && isBlank(bytes[end - 1]!)) end--;
  if (end - at > MAX_NUMBER) throw noNumber();
  const isNegative = bytes[at] === MINUS;
  if (isNegative || bytes[at] === PLUS) at++;
  let mantissa = 0;
  let digits = 0;
  let decimals = 0;
  let isFraction = false;
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      digits++;
      if (isFraction) decimals++;
    } else if (bytes[at] === POINT && !isFraction) isFraction = true;
    else break;
  }
  if (digits === 0) throw noNumber();
  const exponent = at < end ? readExponent(bytes, at, end) : 0;
  const size = exponent === 0
    ? mantissa / POWERS[decimals]!
    : mantissa * 10 ** (exponent - decimals);
  if (!(size < MAX_MM)) throw noNumber();
  return isNegative ? -size : size;
}

function readExponent(bytes: Uint8Array, from: number, end: number): number {
  const text = String.fromCharCode(...bytes.subarray(from, end));
  if (!/^[eE][+-]?\d{1,3}$/.test(text)) throw noNumber();
  return Number(text.slice(1));
}

/** Blanks, and the line ends that some writers put between numbers. */
const isBlank = (byte: number) =>
  byte === SPACE || byte === 0 || (byte >= 9 && byte <= 13);

const noNumber = () =>
  malformed("a contour holds something else than coordinates of a patient.");

import { type Bytes, concat } from "../../../core/bytes.ts";

/** The kinds of parts, in their order: those of Deno KV, whose bigints no store uses. */
const BYTES = 0x01;
const STRING = 0x02;
const NUMBER = 0x21;
const FALSE = 0x26;
const TRUE = 0x27;

/** Keeps a byte order mark, as every other character. */
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes of the longest key. */
const MAX_BYTES = 2048;

/**
 * A key as bytes that sort as Deno KV sorts keys: each part a byte for its kind, then its value. Bytes and UTF-8 end in
 * a zero, and a zero in them is followed by 0xff, so that a part that begins another sorts before it (the tuple
 * encoding of FoundationDB).
 *
 * @throws TypeError for a part of another type, or a key of more than 2048 bytes.
 */
export function encodeKey(key: Deno.KvKey): Bytes {
  const encoded = concat(key.map(encodePart));
  if (encoded.length > MAX_BYTES) {
    throw new TypeError(`A key has at most ${MAX_BYTES} bytes.`);
  }
  return encoded;
}

/** The key that `encodeKey` was given. */
export function decodeKey(bytes: Uint8Array): Deno.KvKey {
  const key: Deno.KvKeyPart[] = [];
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at++];
    if (kind === NUMBER) {
      key.push(decodeNumber(bytes, at));
      at += 8;
    } else if (kind === FALSE || kind === TRUE) {
      key.push(kind === TRUE);
    } else if (kind === BYTES || kind === STRING) {
      const found: number[] = [];
      for (; bytes[at] !== 0 || bytes[at + 1] === 0xff; at++) {
        if (at >= bytes.length) throw new TypeError("A stored key is cut.");
        found.push(bytes[at]!);
        if (bytes[at] === 0) at++;
      }
      at++;
      const part = Uint8Array.from(found);
      key.push(kind === BYTES ? part : UTF8.decode(part));
    } else throw new TypeError("A stored key has a part of unknown type.");
  }
  return key;
}

function encodePart(part: Deno.KvKeyPart): Bytes {
  if (typeof part === "string") {
    return terminated(STRING, new TextEncoder().encode(part));
  }
  if (part instanceof Uint8Array) return terminated(BYTES, part);
  if (typeof part === "number") return encodeNumber(part);
  if (typeof part === "boolean") return Uint8Array.of(part ? TRUE : FALSE);
  throw new TypeError(
    `A part of a key is a string, a number, a boolean or bytes, not a ${typeof part}.`,
  );
}

function terminated(kind: number, value: Uint8Array): Bytes {
  const encoded = [kind];
  for (const byte of value) {
    encoded.push(byte);
    if (byte === 0) encoded.push(0xff);
  }
  encoded.push(0);
  return Uint8Array.from(encoded);
}

/** An IEEE 754 double, big-endian: positive ones with the sign bit set, negative ones inverted. */
function encodeNumber(value: number): Bytes {
  const encoded = new Uint8Array(9);
  encoded[0] = NUMBER;
  const view = new DataView(encoded.buffer, 1);
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const negative = bits >> 63n === 1n;
  view.setBigUint64(0, negative ? ~bits : bits | 1n << 63n);
  return encoded;
}

function decodeNumber(bytes: Uint8Array, at: number): number {
  const view = new DataView(new ArrayBuffer(8));
  const encoded = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at);
  const positive = encoded >> 63n === 1n;
  view.setBigUint64(0, positive ? encoded & ~(1n << 63n) : ~encoded);
  return view.getFloat64(0);
}

import { deserialize, serialize } from "node:v8";
import type { Bytes } from "../../../core/bytes.ts";

/** How a value is stored, numbered as KV Connect numbers it. */
const V8 = 1;
const BYTES = 3;

/** A value as it is stored. */
export interface EncodedValue {
  encoding: number;
  bytes: Uint8Array;
}

/** Bytes as they are; all else in V8's format of structured clones, as Deno KV writes it. */
export function encodeValue(value: unknown): EncodedValue {
  return value instanceof Uint8Array
    ? { encoding: BYTES, bytes: value }
    : { encoding: V8, bytes: serialize(value) };
}

/** @throws TypeError for an encoding of a later version. */
export function decodeValue(encoding: number, bytes: Bytes): unknown {
  if (encoding === BYTES) return bytes;
  if (encoding === V8) return deserialize(bytes);
  throw new TypeError(`A stored value has the unknown encoding ${encoding}.`);
}

import { type Bytes, concat } from "../core/bytes.ts";
import { type EdgeError, invalidInput } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";

/** A safetensors file: named float tensors and string metadata. */
interface TensorFile {
  metadata: Record<string, string>;
  tensors: Record<string, Tensor>;
}

/** Longest header that is accepted, bytes. */
const MAX_HEADER = 65536;
const WIDTH = new Map<unknown, number>([["F16", 2], ["F32", 4]]);

/**
 * Writes tensors in the safetensors format (an 8-byte little-endian header length, a JSON header, raw little-endian
 * data), names in ascending order.
 *
 * @param dtype `F16` rounds to nearest even; `F32` keeps the bits.
 *
 * @example
 * ```ts
 * import { deepEqual } from "node:assert/strict";
 *
 * const data = Float32Array.of(1, 0.5, -2, 0.1);
 * const bytes = writeSafetensors(
 *   { metadata: { unit: "mm" }, tensors: { plane: { dims: [2, 2], data } } },
 *   () => "F16",
 * );
 * const { metadata, tensors } = readSafetensors(bytes);
 * deepEqual({ ...metadata }, { unit: "mm" });
 * deepEqual(tensors.plane?.data, data.map(Math.f16round));
 * ```
 */
export function writeSafetensors(
  { metadata, tensors }: TensorFile,
  dtype: (name: string) => "F16" | "F32",
): Bytes {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const parts: Uint8Array[] = [];
  let offset = 0;
  const sorted = Object.entries(tensors).sort(([a], [b]) => a < b ? -1 : 1);
  for (const [name, { dims, data }] of sorted) {
    const type = dtype(name);
    const array = type === "F16" ? new Float16Array(data) : data;
    const bytes = new Uint8Array(
      array.buffer,
      array.byteOffset,
      array.byteLength,
    );
    header[name] = {
      dtype: type,
      shape: dims,
      data_offsets: [offset, offset + bytes.length],
    };
    offset += bytes.length;
    parts.push(bytes);
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(8 + padded).fill(32);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(json, 8);
  return concat([head, ...parts]);
}

/**
 * Reads a safetensors file of F16 and F32 tensors, which must fill the data region without gap or overlap, as the
 * format requires.
 *
 * @throws {EdgeError} `invalid-input` saying what is wrong.
 */
export function readSafetensors(bytes: Uint8Array): TensorFile {
  const { metadata, entries, start } = readHeader(bytes);
  let end = 0;
  for (const { from, to } of entries.toSorted((a, b) => a.from - b.from)) {
    if (from !== end) throw wrong("its tensors overlap or leave gaps");
    end = to;
  }
  if (start + end !== bytes.length) {
    throw wrong(
      `its tensors take ${end} bytes, but it has ${
        bytes.length - start
      } for them`,
    );
  }
  const tensors: Record<string, Tensor> = Object.create(null);
  for (const { name, dims, width, from, to } of entries) {
    const raw = bytes.slice(start + from, start + to).buffer;
    const data = new Float32Array(width === 2 ? new Float16Array(raw) : raw);
    tensors[name] = { dims, data };
  }
  return { metadata, tensors };
}

/** Where a tensor lies in the data region, bytes. */
interface Entry {
  name: string;
  dims: number[];
  /** Bytes of one value. */
  width: number;
  from: number;
  to: number;
}

function readHeader(bytes: Uint8Array) {
  if (bytes.length < 8) {
    throw wrong(`it has ${bytes.length} bytes, fewer than its length field`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER, bytes.length - 8))) {
    throw wrong(`its header claims ${length} bytes`);
  }
  const start = 8 + Number(length);
  let header: unknown;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    header = JSON.parse(decoder.decode(bytes.subarray(8, start)));
  } catch {
    throw wrong("its header is not JSON");
  }
  if (!isRecord(header)) throw wrong("its header is not an object");

  const metadata: Record<string, string> = Object.create(null);
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (!isRecord(value)) {
      throw wrong(`entry ${JSON.stringify(name)} is not an object`);
    }
    if (name === "__metadata__") {
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== "string") throw wrong("its metadata is not text");
        metadata[key] = text;
      }
    } else entries.push(readEntry(name, value));
  }
  return { metadata, entries, start };
}

function readEntry(name: string, value: Record<string, unknown>): Entry {
  const { dtype, shape, data_offsets: offsets } = value;
  const width = WIDTH.get(dtype);
  if (width === undefined) {
    throw wrong(`tensor ${JSON.stringify(name)} is neither F16 nor F32`);
  }
  const [from, to, ...rest] = isCounts(offsets) ? offsets : [];
  if (
    !isCounts(shape) || from === undefined || to === undefined ||
    rest.length > 0
  ) {
    throw wrong(
      `tensor ${JSON.stringify(name)} has no proper shape and offsets`,
    );
  }
  if (to - from !== shape.reduce((product, dim) => product * dim, width)) {
    throw wrong(`tensor ${JSON.stringify(name)} does not fit its offsets`);
  }
  return { name, dims: shape, width, from, to };
}

function wrong(why: string): EdgeError {
  return invalidInput(`Cannot read the safetensors file: ${why}.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) &&
    value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

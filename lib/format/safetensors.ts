import { EdgeError } from "../errors.ts";
import type { Tensor } from "../pipeline/types.ts";

/** A safetensors file: named float tensors and string metadata. */
export interface TensorFile {
  metadata: Record<string, string>;
  tensors: Record<string, Tensor>;
}

/** Longest header accepted, bytes. */
const MAX_HEADER = 65536;
const WIDTH: Record<string, number> = { F16: 2, F32: 4 };

/**
 * Writes tensors in the safetensors format (an 8-byte little-endian header length, a JSON header, raw
 * little-endian data), names in ascending order.
 *
 * @param dtype `F16` rounds to nearest even; `F32` keeps the bits.
 */
export function writeSafetensors(
  { metadata, tensors }: TensorFile,
  dtype: (name: string) => "F16" | "F32",
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const name of Object.keys(tensors).sort()) {
    const { dims, data } = tensors[name];
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
  let json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(32);
  padded.set(json);
  json = padded;

  const out = new Uint8Array(8 + json.length + offset);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  let at = 8 + json.length;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Reads a safetensors file of F16 and F32 tensors.
 *
 * @throws EdgeError `invalid-input` saying what is wrong.
 */
export function readSafetensors(bytes: Uint8Array): TensorFile {
  const wrong = (why: string) =>
    new EdgeError("invalid-input", `Cannot read the safetensors file: ${why}.`);
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
    header = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(
        bytes.subarray(8, start),
      ),
    );
  } catch {
    throw wrong("its header is not JSON");
  }
  if (!isRecord(header)) throw wrong("its header is not an object");

  const metadata: Record<string, string> = {};
  const tensors: Record<string, Tensor> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (!isRecord(entry)) {
      throw wrong(`entry ${JSON.stringify(name)} is not an object`);
    }
    if (name === "__metadata__") {
      for (const [key, value] of Object.entries(entry)) {
        metadata[key] = String(value);
      }
      continue;
    }
    const { dtype, shape, data_offsets: offsets } = entry;
    const width = WIDTH[String(dtype)];
    if (width === undefined) {
      throw wrong(`tensor ${JSON.stringify(name)} is neither F16 nor F32`);
    }
    if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
      throw wrong(
        `tensor ${JSON.stringify(name)} has no proper shape and offsets`,
      );
    }
    const size = shape.reduce((product, dim) => product * dim, 1);
    const [from, to] = offsets;
    if (to > bytes.length - start || to - from !== size * width) {
      throw wrong(`tensor ${JSON.stringify(name)} does not fit its offsets`);
    }
    const raw = bytes.slice(start + from, start + to).buffer;
    const data = width === 2
      ? new Float32Array(new Float16Array(raw))
      : new Float32Array(raw);
    tensors[name] = { dims: shape, data };
  }
  return { metadata, tensors };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) &&
    value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

import { concat } from "../../lib/core/bytes.ts";
import {
  crc32,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
} from "node:zlib";
import { mutateJson } from "./mutate_json.ts";
import type { Random } from "./random.ts";
import { structureOf } from "./structure.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The most bytes to which repetition may grow a file. */
const MOST_BYTES = 1_000_000;

/**
 * A damaged copy of a file, by one to five changes that know its format: single bits, numbers, lengths, whole pieces,
 * its end, pieces of another file, and compressed data inside gzip and PNG. Checksums are repaired more often than not,
 * so that the damage gets past them.
 *
 * @param other a file of the same kind, for splices.
 */
export function mutate(
  seed: Uint8Array,
  other: Uint8Array,
  random: Random,
): Bytes {
  if (isGzip(seed) && random.chance(0.8)) {
    const [inner, donor] = [
      unpacked(seed),
      isGzip(other) ? unpacked(other) : other,
    ];
    return new Uint8Array(gzipSync(mutate(inner, donor, random), { level: 1 }));
  }
  if (isSafetensors(seed) && random.chance(0.5)) {
    return damageHeader(seed, random);
  }
  if (isJson(seed) && random.chance(0.8)) {
    return new TextEncoder().encode(
      mutateJson(new TextDecoder().decode(seed), random),
    );
  }
  let bytes = seed.slice();
  if (isPng(bytes) && random.chance(0.3)) bytes = damageLines(bytes, random);
  const times = random.chance(0.5) ? 1 : random.between(2, 5);
  for (let i = 0; i < times; i++) {
    bytes = random.pick(CHANGES)(bytes, other, random).slice(0, MOST_BYTES);
  }
  if (isPng(bytes) && random.chance(0.7)) mendPng(bytes);
  return bytes;
}

type Change = (bytes: Bytes, other: Uint8Array, random: Random) => Bytes;

const flipBits: Change = (bytes, _, random) => {
  if (bytes.length === 0) return bytes;
  const early = random.chance(0.4) ? Math.min(64, bytes.length) : bytes.length;
  for (let i = random.between(1, 8); i > 0; i--) {
    bytes[random.below(early)] ^= 1 << random.below(8);
  }
  return bytes;
};

const setBytes: Change = (bytes, _, random) => {
  if (bytes.length === 0) return bytes;
  const at = random.below(bytes.length);
  const end = Math.min(bytes.length, at + random.length(64));
  if (random.chance(0.5)) {
    bytes.fill(random.pick([0, 255, 127, 128, 10]), at, end);
  } else bytes.set(random.bytes(end - at), at);
  return bytes;
};

/** Numbers in text that readers trust as they do fields. */
const TEXT_NUMBERS = ["0", "-1", "1", "65536", "999999999", "1e400", "nan", ""];

/** Another number in the place of one in a header of text. */
const setTextNumber: Change = (bytes, _, random) => {
  const head = String.fromCharCode(...bytes.subarray(0, 1024));
  const found = [...head.matchAll(/\d+/g)];
  if (found.length === 0) return flipBits(bytes, bytes, random);
  const { index, 0: old } = random.pick(found);
  return concat([
    bytes.subarray(0, index),
    new TextEncoder().encode(random.pick(TEXT_NUMBERS)),
    bytes.subarray(index + old.length),
  ]);
};

const setField: Change = (bytes, other, random) => {
  if (
    /^(NRRD|ObjectType)/.test(String.fromCharCode(...bytes.subarray(0, 10)))
  ) {
    return setTextNumber(bytes, other, random);
  }
  const { fields } = structureOf(bytes);
  if (fields.length === 0) return flipBits(bytes, bytes, random);
  const { at, size, little } = random.pick(fields);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const old = size === 1
    ? bytes[at]
    : size === 2
    ? view.getUint16(at, little)
    : view.getUint32(at, little);
  const value = random.integer(old, bytes.length);
  if (size === 1) bytes[at] = value;
  else if (size === 2) view.setUint16(at, value, little);
  else if (size === 4) view.setUint32(at, value, little);
  else view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), little);
  return bytes;
};

const cutShort: Change = (bytes, _, random) => {
  const { cuts } = structureOf(bytes);
  const at = random.chance(0.5)
    ? random.pick(cuts)
    : random.below(bytes.length + 1);
  return bytes.slice(0, at + random.pick([-1, 0, 0, 1, 4]));
};

/** One piece of a file, from one cut to the next. */
function piece(bytes: Uint8Array, random: Random): [number, number] {
  const cuts = structureOf(bytes).cuts.toSorted((a, b) => a - b);
  if (cuts.length < 2 || random.chance(0.3)) {
    const at = random.below(bytes.length + 1);
    return [at, Math.min(bytes.length, at + random.length(4096))];
  }
  const i = random.below(cuts.length);
  return [cuts[i], cuts[i + 1] ?? bytes.length];
}

const repeatPiece: Change = (bytes, _, random) => {
  const [from, to] = piece(bytes, random);
  const times = random.chance(0.1)
    ? random.between(10, 300)
    : random.between(1, 3);
  const copies = Array.from({ length: times }, () => bytes.subarray(from, to));
  if (times * (to - from) > MOST_BYTES) return bytes;
  return concat([bytes.subarray(0, to), ...copies, bytes.subarray(to)]);
};

const removePiece: Change = (bytes, _, random) => {
  const [from, to] = piece(bytes, random);
  return concat([bytes.subarray(0, from), bytes.subarray(to)]);
};

const movePiece: Change = (bytes, _, random) => {
  const [from, to] = piece(bytes, random);
  const rest = concat([bytes.subarray(0, from), bytes.subarray(to)]);
  const [at] = piece(rest, random);
  return concat([
    rest.subarray(0, at),
    bytes.subarray(from, to),
    rest.subarray(at),
  ]);
};

const insertBytes: Change = (bytes, _, random) => {
  const [at] = piece(bytes, random);
  const more = random.bytes(random.length(300));
  return concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
};

const splice: Change = (bytes, other, random) => {
  const [at] = piece(bytes, random);
  const [from] = piece(other, random);
  return concat([bytes.subarray(0, at), other.subarray(from)]);
};

const insertPiece: Change = (bytes, other, random) => {
  const [at] = piece(bytes, random);
  const [from, to] = piece(other, random);
  return concat([
    bytes.subarray(0, at),
    other.subarray(from, to),
    bytes.subarray(at),
  ]);
};

const CHANGES: Change[] = [
  ...[flipBits, flipBits, setBytes, setField, setField, setField, cutShort],
  ...[repeatPiece, removePiece, movePiece, insertBytes, splice, insertPiece],
];

const isGzip = (bytes: Uint8Array) => bytes[0] === 0x1f && bytes[1] === 0x8b;
const isPng = (bytes: Uint8Array) => bytes[0] === 0x89 && bytes[1] === 0x50;
const isJson = (bytes: Uint8Array) => bytes[0] === 0x7b;
const isSafetensors = (bytes: Uint8Array) =>
  bytes[8] === 0x7b && bytes[7] === 0;

/** The contents of a gzip file, or the file itself where it is damaged already. */
function unpacked(bytes: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(gunzipSync(bytes));
  } catch {
    return bytes;
  }
}

function* pngChunks(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) return;
    yield { at, end, view };
    at = end;
  }
}

function mendPng(bytes: Uint8Array): void {
  for (const { at, end, view } of pngChunks(bytes)) {
    view.setUint32(end - 4, crc32(bytes.subarray(at + 4, end - 4)));
  }
}

/** Damages the uncompressed scanlines of a PNG. */
function damageLines(bytes: Bytes, random: Random): Bytes {
  const chunks = [...pngChunks(bytes)];
  const data = chunks.filter(({ at }) =>
    bytes[at + 4] === 0x49 && bytes[at + 5] === 0x44
  );
  if (data.length === 0) return bytes;
  let lines: Bytes;
  try {
    const stream = concat(
      data.map(({ at, end }) => bytes.subarray(at + 8, end - 4)),
    );
    lines = new Uint8Array(inflateSync(stream));
  } catch {
    return bytes;
  }
  const damaged = random.pick([flipBits, setBytes, cutShort, removePiece])(
    lines,
    lines,
    random,
  );
  const packed = new Uint8Array(deflateSync(damaged, { level: 1 }));
  const made = new Uint8Array(12 + packed.length);
  new DataView(made.buffer).setUint32(0, packed.length);
  made.set([0x49, 0x44, 0x41, 0x54], 4);
  made.set(packed, 8);
  const out = concat([
    bytes.subarray(0, data[0].at),
    made,
    bytes.subarray(data.at(-1)!.end),
  ]);
  mendPng(out);
  return out;
}

/** Damages the JSON of a safetensors file, with its length repaired or not. */
function damageHeader(bytes: Uint8Array, random: Random): Bytes {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(
    0,
    true,
  );
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  const header = new TextEncoder().encode(mutateJson(text, random));
  const head = bytes.slice(0, 8);
  const stated = random.chance(0.8)
    ? header.length
    : random.integer(length, bytes.length);
  new DataView(head.buffer).setUint32(0, stated, true);
  return concat([head, header, bytes.subarray(8 + length)]);
}

/** A number in a file. */
export interface Field {
  at: number;
  size: 1 | 2 | 4 | 8;
  little: boolean;
}

/** Where the pieces of a file begin, and which of its bytes are numbers that its reader trusts. */
export interface Structure {
  cuts: number[];
  fields: Field[];
}

type Scan = (bytes: Uint8Array, view: DataView, found: Structure) => void;

/** Finds the pieces of a file; best effort, since the file may be damaged. */
export function structureOf(bytes: Uint8Array): Structure {
  const found: Structure = { cuts: [0], fields: [] };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    scanOf(bytes)?.(bytes, view, found);
  } catch (error) {
    // The file ends inside a piece.
    if (!(error instanceof RangeError)) throw error;
  }
  const inside = ({ at, size }: Field) => at + size <= bytes.length;
  return {
    cuts: found.cuts.filter((at) => at < bytes.length),
    fields: found.fields.filter(inside),
  };
}

function scanOf(bytes: Uint8Array): Scan | undefined {
  const starts = (at: number, text: string) =>
    [...text].every((c, i) => bytes[at + i] === c.charCodeAt(0));
  if (starts(1, "PNG")) return scanPng;
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    return (...args) => scanMarkers(0, ...args);
  }
  if (starts(0, "RIFF")) return scanRiff;
  if (starts(0, "II") || starts(0, "MM")) return scanTiff;
  if (starts(0, "GIF8")) return scanGif;
  if (starts(0, "BM")) return scanBmp;
  if (starts(4, "jP  ")) return (...args) => scanJp2(0, Infinity, ...args);
  if (starts(4, "ftyp") || starts(4, "JXL ")) return scanBoxes;
  if (bytes[0] === 0xff && bytes[1] === 0x4f) {
    return (...args) => scanMarkers(0, ...args);
  }
  if (starts(128, "DICM")) return scanDicom(132);
  if (starts(0, "\b\0") || starts(0, "\x02\0")) return scanDicom(0);
  if (starts(344, "n+1") || starts(344, "ni1")) return scanNifti;
  if (starts(4, "n+2") || starts(4, "ni2")) return scanNifti2;
  if (starts(0, "NRRD") || starts(0, "ObjectType")) return scanLines;
  if (starts(0, "PK")) return scanZip;
  if (starts(257, "ustar")) return scanTar;
  if (starts(0, "--")) return scanMultipart;
  return undefined;
}

const numbers = (
  { fields }: Structure,
  at: number,
  size: Field["size"],
  count: number,
  little = false,
) => {
  for (let i = 0; i < count; i++) {
    fields.push({ at: at + i * size, size, little });
  }
};

const scanPng: Scan = (bytes, view, found) => {
  for (let at = 8; at < bytes.length;) {
    found.cuts.push(at);
    numbers(found, at, 4, 1);
    if (bytes[at + 4] === 0x49 && bytes[at + 5] === 0x48) {
      numbers(found, at + 8, 4, 2);
      numbers(found, at + 16, 1, 5);
    }
    at += 12 + view.getUint32(at);
  }
};

/** The marker segments of JPEG, JPEG-LS and JPEG 2000 codestreams. */
function scanMarkers(
  start: number,
  bytes: Uint8Array,
  view: DataView,
  found: Structure,
): void {
  for (let at = start; at + 1 < bytes.length;) {
    if (bytes[at] !== 0xff || bytes[at + 1] === 0 || bytes[at + 1] === 0xff) {
      at++;
      continue;
    }
    found.cuts.push(at);
    const marker = bytes[at + 1];
    const bare = marker === 0xd8 || marker === 0xd9 || marker === 0x4f ||
      (marker >= 0xd0 && marker <= 0xd7) || marker === 0x93;
    at += 2;
    if (bare) continue;
    const length = view.getUint16(at);
    numbers(found, at, 2, 1);
    numbers(found, at + 2, 1, Math.min(Math.max(0, length - 2), 40));
    if (marker === 0x51) numbers(found, at + 4, 4, 8);
    at += length;
  }
}

const scanRiff: Scan = (bytes, view, found) => {
  numbers(found, 4, 4, 1, true);
  for (let at = 12; at < bytes.length;) {
    found.cuts.push(at);
    numbers(found, at + 4, 4, 1, true);
    numbers(found, at + 8, 1, 16);
    const length = view.getUint32(at + 4, true);
    at += 8 + length + (length & 1);
  }
};

/** The boxes that hold only boxes, and how many bytes precede those. */
const PARENTS: Record<string, number> = {
  meta: 4,
  iprp: 0,
  ipco: 0,
  iinf: 6,
  iref: 4,
};

const scanBoxes: Scan = (bytes, view, found) => {
  const scan = (from: number, to: number) => {
    for (let at = from; at + 8 <= to;) {
      const size = view.getUint32(at) || to - at;
      const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
      found.cuts.push(at);
      numbers(found, at, 4, 1);
      if (type in PARENTS) scan(at + 8 + PARENTS[type], at + size);
      else if (type !== "mdat") {
        const body = Math.min(size - 8, 48);
        numbers(found, at + 8, 1, body);
        numbers(found, at + 8, 2, body >> 1);
        numbers(found, at + 8, 4, body >> 2);
      }
      if (size < 8) return;
      at += size;
    }
  };
  scan(0, bytes.length);
};

const scanTiff: Scan = (bytes, view, found) => {
  const little = bytes[0] === 0x49;
  numbers(found, 2, 2, 1, little);
  const big = view.getUint16(2, little) === 43;
  const [head, step, size] = big ? [8, 20, 8] as const : [2, 12, 4] as const;
  const offsetAt = (at: number) =>
    big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
  numbers(found, size, size, 1, little);
  for (let at = offsetAt(size), pages = 0; at > 0 && pages < 4;) {
    const entries = view.getUint16(big && !little ? at + 6 : at, little);
    found.cuts.push(at);
    numbers(found, at, head, 1, little);
    for (let i = 0; i < entries; i++) {
      const entry = at + head + step * i;
      found.cuts.push(entry);
      numbers(found, entry, 2, 2, little);
      numbers(found, entry + 4, size, 2, little);
      numbers(found, entry + 4 + size, 2, 1, little);
    }
    const next = at + head + step * entries;
    numbers(found, next, size, 1, little);
    at = offsetAt(next);
    pages++;
  }
};

/** The screen, extensions, and pictures with their sub-blocks. */
const scanGif: Scan = (bytes, _view, found) => {
  const table = (packed: number) => packed & 128 ? 3 * (2 << (packed & 7)) : 0;
  numbers(found, 6, 2, 2, true);
  numbers(found, 10, 1, 2);
  for (let at = 13 + table(bytes[10]); at < bytes.length;) {
    found.cuts.push(at);
    if (bytes[at] === 0x2c) {
      numbers(found, at + 1, 2, 4, true);
      numbers(found, at + 9, 1, 1);
      at += 10 + table(bytes[at + 9]);
      numbers(found, at, 1, 2);
      at++;
    } else if (bytes[at] === 0x21) {
      numbers(found, at + 1, 1, 6);
      at += 2;
    } else return;
    for (; bytes[at] > 0; at += 1 + bytes[at]) found.cuts.push(at);
    at++;
  }
};

const scanBmp: Scan = (_bytes, view, found) => {
  found.cuts.push(14, 14 + view.getUint32(14, true), view.getUint32(10, true));
  numbers(found, 2, 4, 6, true);
  numbers(found, 26, 2, 2, true);
  numbers(found, 30, 4, 10, true);
};

/** Boxes, the ones in the header of a JP2 file, and the markers of its codestream. */
function scanJp2(
  from: number,
  to: number,
  bytes: Uint8Array,
  view: DataView,
  found: Structure,
): void {
  for (let at = from; at + 8 <= Math.min(bytes.length, to);) {
    found.cuts.push(at);
    numbers(found, at, 4, 2);
    numbers(found, at + 8, 1, 20);
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "jp2h") scanJp2(at + 8, at + length, bytes, view, found);
    if (type === "jp2c") scanMarkers(at + 8, bytes, view, found);
    if (length < 8) return;
    at += length;
  }
}

const LONG = ["OB", "OW", "OF", "OD", "OL", "SQ", "UT", "UN", "UC", "UR"];

const scanDicom = (start: number): Scan => (bytes, view, found) => {
  const text = (at: number) => String.fromCharCode(bytes[at], bytes[at + 1]);
  for (let at = start; at + 8 <= bytes.length;) {
    const vr = text(at + 4);
    found.cuts.push(at);
    numbers(found, at, 2, 2, true);
    if (!/^[A-Z]{2}$/.test(vr)) {
      // Implicit, or odd.
      numbers(found, at + 4, 4, 1, true);
      at += 8 + view.getUint32(at + 4, true);
      continue;
    }
    if (LONG.includes(vr)) {
      numbers(found, at + 8, 4, 1, true);
      const length = view.getUint32(at + 8, true);
      at += 12 + (length === 0xffffffff ? 0 : length);
    } else {
      numbers(found, at + 6, 2, 1, true);
      const length = view.getUint16(at + 6, true);
      if (vr === "US" || vr === "SS") {
        numbers(found, at + 8, 2, length >> 1, true);
      }
      if (/^(IS|DS|UI|CS)$/.test(vr)) numbers(found, at + 8, 1, length);
      at += 8 + length;
    }
  }
  // Items, and the codestreams in them.
  for (let at = start; at + 12 <= bytes.length; at++) {
    if (bytes[at] !== 0xfe || bytes[at + 1] !== 0xff) continue;
    found.cuts.push(at);
    numbers(found, at + 4, 4, 1, true);
    const [f, marker] = [bytes[at + 8], bytes[at + 9]];
    if (f === 0xff && (marker === 0xd8 || marker === 0x4f)) {
      scanMarkers(at + 8, bytes, view, found);
      return;
    }
    // RLE: the number of segments, and where they begin.
    numbers(found, at + 8, 4, 4, true);
  }
};

const scanNifti: Scan = (_bytes, view, found) => {
  const little = view.getInt32(0, true) === 348;
  found.cuts.push(40, 76, 108, 148, 344, 348, 352);
  numbers(found, 0, 4, 1, little);
  numbers(found, 40, 2, 8, little);
  numbers(found, 68, 2, 4, little);
  numbers(found, 76, 4, 8, little);
  numbers(found, 108, 4, 5, little);
  numbers(found, 252, 2, 2, little);
};

const scanNifti2: Scan = (_bytes, view, found) => {
  const little = view.getInt32(0, true) === 540;
  found.cuts.push(4, 16, 104, 168, 240, 344, 400, 540, 544);
  numbers(found, 0, 4, 1, little);
  numbers(found, 12, 2, 2, little);
  numbers(found, 16, 8, 20, little);
  numbers(found, 168, 8, 5, little);
  numbers(found, 344, 4, 2, little);
  numbers(found, 500, 4, 2, little);
};

/** A header in text: its lines, and the digits in them as single bytes. */
const scanLines: Scan = (bytes, _view, found) => {
  for (let at = 0; at < Math.min(bytes.length, 1024); at++) {
    if (bytes[at] === 10) found.cuts.push(at + 1);
    if (bytes[at] >= 48 && bytes[at] <= 57) numbers(found, at, 1, 1);
  }
};

const scanZip: Scan = (bytes, _view, found) => {
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (bytes[at] !== 0x50 || bytes[at + 1] !== 0x4b) continue;
    const kind = bytes[at + 2];
    if (kind !== bytes[at + 3] - 1) continue;
    found.cuts.push(at);
    if (kind === 3) {
      numbers(found, at + 4, 2, 3, true);
      numbers(found, at + 14, 4, 3, true);
      numbers(found, at + 26, 2, 2, true);
    } else if (kind === 1) {
      numbers(found, at + 4, 2, 4, true);
      numbers(found, at + 16, 4, 3, true);
      numbers(found, at + 28, 2, 5, true);
      numbers(found, at + 42, 4, 1, true);
    } else if (kind === 5) {
      numbers(found, at + 4, 2, 4, true);
      numbers(found, at + 12, 4, 2, true);
      numbers(found, at + 20, 2, 1, true);
    }
  }
};

const scanTar: Scan = (bytes, _view, found) => {
  for (let at = 0; at < bytes.length; at += 512) found.cuts.push(at);
  for (const at of [0, 100, 124, 136, 148, 156, 257, 345]) {
    numbers(found, at, 1, 8);
  }
};

const scanMultipart: Scan = (bytes, _view, found) => {
  for (let at = 0; at + 3 < bytes.length; at++) {
    if (bytes[at] === 13 && bytes[at + 1] === 10) found.cuts.push(at + 2);
  }
};

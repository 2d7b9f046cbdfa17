import { readErrors } from "../../core/read_errors.ts";
import { startOfCodestream } from "./header.ts";

/** What a JP2 file states of its colours, T.800 §I.5.3. */
export interface Jp2Colours {
  /** The enumerated colour space (16 sRGB, 17 grey, 18 sYCC, 12 CMYK); undefined for a profile or none. */
  space: number | undefined;
  palette: Palette | undefined;
  /** Channel definitions, by channel: its type (0 colour, 1 and 2 opacity) and its colour, from 1. */
  channels: Map<number, { type: number; colour: number }>;
  /** The codestream. */
  codestream: Uint8Array;
}

/** A palette, T.800 §I.5.3.4. */
export interface Palette {
  /** Values by column. */
  columns: Uint16Array[];
  /** Bits of a value. */
  depth: number;
}

const { malformed, truncated, unsupported } = readErrors("JPEG 2000");

/** Entries of a palette, §I.5.3.4. */
const MAX_PALETTE = 1024;

/**
 * Reads the boxes of a JP2 file, or takes a bare codestream, whose number of components alone tells its colours.
 *
 * @throws {EdgeError}
 */
export function readJp2(bytes: Uint8Array): Jp2Colours {
  const start = startOfCodestream(bytes);
  if (start < 0) throw truncated("before its codestream");
  const found: Jp2Colours = {
    space: undefined,
    palette: undefined,
    channels: new Map(),
    codestream: bytes.subarray(start),
  };
  if (start === 0) return found;
  for (const [type, body] of boxesOf(bytes.subarray(0, start))) {
    if (type === "jp2h") {
      for (const [kind, inner] of boxesOf(body)) readBox(kind, inner, found);
    }
  }
  return found;
}

/** Boxes one after another (§I.4); one without a length, or a longer one than there are bytes, is the last. */
function* boxesOf(
  bytes: Uint8Array,
): Generator<[type: string, body: Uint8Array]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const end = length < 8 ? bytes.length : at + length;
    yield [type, bytes.subarray(at + 8, end)];
    at = end;
  }
}

function readBox(type: string, body: Uint8Array, found: Jp2Colours): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const need = (length: number) => {
    if (body.length < length) throw malformed(`its ${type} box is too short.`);
  };
  if (type === "colr") {
    need(3);
    if (body[0] === 1 && found.space === undefined) {
      need(7);
      found.space = view.getUint32(3);
    }
  } else if (type === "pclr") {
    need(3);
    const [entries, columns] = [view.getUint16(0), body[2]];
    const depth = (body[3] & 127) + 1;
    if (entries < 1 || entries > MAX_PALETTE || columns < 1) {
      throw malformed("its palette is empty or too long.");
    }
    need(3 + columns + entries * columns * (depth > 8 ? 2 : 1));
    if (
      depth > 16 || body.subarray(3, 3 + columns).some((b) => b !== body[3])
    ) throw unsupported("a palette of one depth, of 1 to 16 bits", "another");
    const at = (i: number) =>
      depth > 8 ? view.getUint16(3 + columns + 2 * i) : body[3 + columns + i];
    found.palette = {
      depth,
      columns: Array.from(
        { length: columns },
        (_, c) =>
          Uint16Array.from({ length: entries }, (_, i) => at(i * columns + c)),
      ),
    };
  } else if (type === "cdef") {
    need(2);
    const count = view.getUint16(0);
    need(2 + 6 * count);
    for (let i = 0; i < count; i++) {
      found.channels.set(view.getUint16(2 + 6 * i), {
        type: view.getUint16(4 + 6 * i),
        colour: view.getUint16(6 + 6 * i),
      });
    }
  }
}

import { hasText } from "../../core/bytes.ts";
import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";

/** A start-of-frame segment, T.81 B.2.2. */
export interface JpegFrame extends Size {
  /** 1 is grey, 3 colour, 4 CMYK or YCCK. */
  components: number;
  /** Bits per sample. */
  precision: number;
  /** The marker's low byte: 0xC0 baseline, 0xC1 extended, 0xC2 progressive, others are rare. */
  process: number;
}

/** What is needed of a whole JPEG file. */
export interface JpegMarkers {
  frame: JpegFrame;
  scans: number;
  /** How many components the frame announces and no scan holds; decoders would fill them with mid-grey. */
  missing: number;
  /** Whether a progressive file lacks scans that refine its coefficients; decoders would show it coarse. */
  isCoarse: boolean;
  /** The TIFF-shaped EXIF block of the first APP1 "Exif" segment. */
  exif: Uint8Array | undefined;
  /** Whether colours are Y'CbCr (and black), or RGB or CMYK as they are. */
  colour: "ycc" | "plain";
}

const { malformed, truncated } = readErrors("JPEG");

/** The first frame header; stops there and decodes nothing. */
export function readJpegHeader(bytes: Uint8Array): JpegFrame {
  return walk(bytes, "frame").frame;
}

/** The EXIF block of a file, which lies before its first scan. */
export function readJpegExif(bytes: Uint8Array): Uint8Array | undefined {
  return walk(bytes, "scan").exif;
}

/**
 * Walks every segment and entropy-coded scan up to the end-of-image marker (T.81 B.1). What follows it (a phone's
 * second picture, padding) is ignored.
 *
 * @throws {EdgeError} `truncated` for a file without the marker, `malformed` for one that contradicts its format.
 */
export function readJpegMarkers(bytes: Uint8Array): JpegMarkers {
  return walk(bytes, "end");
}

function walk(
  bytes: Uint8Array,
  until: "frame" | "scan" | "end",
): JpegMarkers {
  let frame: JpegFrame | undefined;
  let exif: Uint8Array | undefined;
  let scans = 0;
  let transform: number | undefined;
  const missing = new Set<number>();
  const lacking = new Map<number, Uint8Array>();
  for (let at = 2;;) {
    const { marker, body, end } = readSegment(bytes, at);
    at = end;
    if (marker === 0xd9) break;
    if (isFrame(marker)) {
      if (frame) throw malformed("it has two frame headers.");
      frame = readFrame(body, marker);
      if (until === "frame") break;
      for (let i = 6; i < body.length; i += 3) {
        missing.add(body[i]);
        if (marker === 0xc2) lacking.set(body[i], new Uint8Array(64).fill(1));
      }
    } else if (
      marker === 0xe1 && !exif && body.length > 6 && hasText(body, 0, "Exif\0")
    ) { // EXIF 2.3 §4.7.2
      exif = body.subarray(6);
    } else if (marker === 0xee && hasText(body, 0, "Adobe")) {
      transform = body[11];
    } else if (marker === 0xda) {
      if (!frame) throw malformed("a scan comes before the frame header.");
      if (until === "scan") break;
      scans++;
      // Ss, Se and Al, T.81 §G.1.1.1: the lowest bits of these coefficients are still to come.
      const [first, last, approximation] = body.subarray(1 + 2 * body[0]);
      for (let i = 1; i <= 2 * body[0]; i += 2) {
        missing.delete(body[i]);
        lacking.get(body[i])?.fill(approximation & 15, first, last + 1);
      }
      at = skipScan(bytes, end);
    }
  }
  if (!frame) throw malformed("it has no frame header.");
  // What Adobe's segment says (T.872 §6.5.3); without one, three components are Y'CbCr and four CMYK.
  const isPlain = transform === undefined
    ? frame.components === 4
    : transform === 0;
  const colour = isPlain ? "plain" : "ycc";
  const isCoarse = [...lacking.values()]
    .some((bits) => bits.some((bit) => bit > 0));
  return { frame, scans, missing: missing.size, isCoarse, exif, colour };
}

/**
 * The next segment from a byte on (T.81 §B.1.1), without the fill bytes, the markers without parameters and the stray
 * bytes before it; the end-of-image marker is one without a body.
 */
export function readSegment(
  bytes: Uint8Array,
  from: number,
): { marker: number; body: Uint8Array; end: number } {
  for (let at = from; at + 2 <= bytes.length;) {
    if (bytes[at] !== 0xff) {
      at++;
      continue;
    }
    const marker = bytes[at + 1];
    if (marker === 0xff) at++;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else if (marker === 0x00 || marker === 0xd8) {
      throw malformed("a marker is out of place.");
    } else if (marker === 0xd9) {
      return { marker, body: bytes.subarray(0, 0), end: at + 2 };
    } else {
      if (at + 4 > bytes.length) throw truncated("inside a segment");
      const length = (bytes[at + 2] << 8) | bytes[at + 3];
      const end = at + 2 + length;
      if (length < 2) {
        throw malformed(`a segment says it is ${length} bytes long.`);
      }
      if (end > bytes.length) throw truncated("inside a segment");
      return { marker, body: bytes.subarray(at + 4, end), end };
    }
  }
  throw truncated("before its end-of-image marker");
}

/** SOF0..SOF15 without DHT (C4), JPG (C8) and DAC (CC), T.81 table B.1, and JPEG-LS's SOF55, T.87 table C.1. */
export function isFrame(marker: number): boolean {
  return marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf &&
    marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc);
}

/** A frame header without its components, T.81 §B.2.2. @throws {EdgeError} */
export function readFrame(body: Uint8Array, process: number): JpegFrame {
  if (body.length < 6) throw malformed("its frame header is too short.");
  const frame = {
    precision: body[0],
    height: (body[1] << 8) | body[2],
    width: (body[3] << 8) | body[4],
    components: body[5],
    process,
  };
  if (frame.width === 0 || frame.height === 0) {
    throw malformed(
      `its frame header says ${frame.width}×${frame.height} pixels.`,
    );
  }
  return frame;
}

/** The next marker that is neither a stuffed zero nor a restart. @throws {EdgeError} `truncated` */
export function skipScan(bytes: Uint8Array, from: number): number {
  for (let at = from;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) {
      throw truncated("inside its picture data");
    }
    const next = bytes[at + 1];
    if (next === 0x00 || (next >= 0xd0 && next <= 0xd7)) at += 2;
    else if (next === 0xff) at++;
    else return at;
  }
}

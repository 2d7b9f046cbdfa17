import { concat } from "../../core/bytes.ts";
import { readErrors } from "../../core/read_errors.ts";
import { adobeSegment } from "../jpeg/adobe.ts";
import { jpegDecoder } from "../jpeg/decode.ts";
import { readFrame, readSegment } from "../jpeg/markers.ts";
import { PHOTOMETRIC, type TiffLayout } from "./layout.ts";

const { malformed, unsupported } = readErrors("TIFF");

/** More strips or tiles than a picture of real ones has. Each costs some 50 µs before its first pixel. */
const MAX_SEGMENTS = 16_384;

const SOI = Uint8Array.of(0xff, 0xd8);

/**
 * Decodes the JPEG data of the strips and tiles of one picture (TIFF Technical Note 2), each to the rows that it must
 * have, interleaved, in RGB or grey.
 *
 * @throws {EdgeError} for a part of another size or number of components than the picture's.
 */
export function segmentDecoder(layout: TiffLayout) {
  const { tileWidth, tileHeight, interleaved, photometric } = layout;
  if (layout.offsets.length > MAX_SEGMENTS) {
    throw unsupported(
      `at most ${MAX_SEGMENTS} strips or tiles of JPEG`,
      `${layout.offsets.length}`,
    );
  }
  const { jpegTables: tables = SOI } = layout;
  const isYcbcr = photometric === PHOTOMETRIC.ycbcr;
  const longest = layout.byteCounts.reduce((a, b) => Math.max(a, b), 0);
  const decode = jpegDecoder(
    longest + tables.length,
    tileWidth * tileHeight,
  );
  return async (segment: Uint8Array, rows: number): Promise<Uint8Array> => {
    const { stream, frame } = assemble(tables, segment, isYcbcr);
    const { width, height, components } = frame;
    if (
      width !== tileWidth || height < rows || height > tileHeight ||
      components !== interleaved
    ) {
      throw malformed(
        `a JPEG strip or tile has ${width}×${height}×${components} samples; wanted ${tileWidth}×${rows}×${interleaved}.`,
      );
    }
    return (await decode(stream)).data as Uint8Array;
  };
}

/**
 * One JPEG stream of the shared tables and a segment, which says by an Adobe marker, and no other, what its colours
 * are: the picture's photometric interpretation decides, not what a decoder guesses.
 */
function assemble(tables: Uint8Array, segment: Uint8Array, isYcbcr: boolean) {
  const parts: Uint8Array[] = [SOI, adobeSegment(isYcbcr ? 1 : 0)];
  for (const { part } of headersOf(tables)) parts.push(part);
  let frame: ReturnType<typeof readFrame> | undefined;
  for (const { part, marker, body, end } of headersOf(segment)) {
    if (marker === 0xda) {
      if (frame === undefined) throw malformed("a JPEG strip has no frame.");
      parts.push(part, segment.subarray(end));
      return { stream: concat(parts), frame };
    }
    if ((marker & 0xf0) === 0xc0 && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      frame = readFrame(body, marker);
      if (!isYcbcr) requireFullColour(body, frame.components);
    }
    parts.push(part);
  }
  throw malformed("a JPEG strip or tile has no picture data.");
}

/** The headers of a stream up to its first scan, without application data and comments. */
function* headersOf(bytes: Uint8Array) {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) {
    throw malformed("a JPEG strip or tile has no start.");
  }
  for (let at = 2; at < bytes.length;) {
    const { marker, body, end } = readSegment(bytes, at);
    if (marker === 0xd9) return;
    const isApplication = (marker & 0xf0) === 0xe0 || marker === 0xfe;
    // Fill bytes before a marker are left out.
    const part = bytes.subarray(end - body.length - 4, end);
    if (!isApplication) yield { part, marker, body, end };
    if (marker === 0xda) return;
    at = end;
  }
}

/** Colours that are stated as RGB and have reduced components are something else. */
function requireFullColour(frame: Uint8Array, components: number): void {
  for (let i = 1; i < components; i++) {
    if (frame[7 + 3 * i] !== frame[7]) {
      throw unsupported("RGB in JPEG", "components of reduced resolution");
    }
  }
}

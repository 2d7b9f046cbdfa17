import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";

/** What is needed of a WebP container. */
interface WebpChunks extends Size {
  /** The bitstream is VP8 (lossy) rather than VP8L. */
  lossy: boolean;
  animated: boolean;
  /** Whether it has an alpha channel, as its VP8L header or an ALPH chunk says. */
  hasAlpha: boolean;
  /** The TIFF-shaped EXIF block. */
  exif: Uint8Array | undefined;
}

/** The chunks with which a file may begin. */
const FIRST = ["VP8X", "VP8 ", "VP8L"];

const { malformed, truncated } = readErrors("WebP");

/**
 * Walks the RIFF chunks of a WebP file (RFC 9649 §2) and reads the picture's size from its VP8 frame header (RFC 6386
 * §9.1), VP8L header (RFC 9649 §3.4) and, for the extended format, VP8X canvas, which must agree. Decodes nothing;
 * bytes after the RIFF chunk are ignored. The first chunk must be one of these three, as the format requires: where
 * it is another one, libwebp takes the bytes for a bare picture, of whatever size.
 */
export function readWebpChunks(bytes: Uint8Array): WebpChunks {
  if (bytes.length < 20) throw truncated("inside its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) {
    throw truncated(
      `after ${bytes.length} of the ${end} bytes that its header announces`,
    );
  }
  let canvas: Size | undefined;
  let picture: Size | undefined;
  let lossy = false;
  let animated = false;
  let hasAlpha = false;
  let exif: Uint8Array | undefined;
  for (let at = 12; at + 8 <= end;) {
    const name = String.fromCharCode(...bytes.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    const body = at + 8;
    if (body + length > end) {
      throw malformed("a chunk is longer than the file says it is.");
    }
    if (at === 12 && !FIRST.includes(name)) {
      throw malformed("it does not begin with a VP8, VP8L or VP8X chunk.");
    }
    if (name === "VP8X" && length >= 10 && !canvas) {
      animated = (bytes[body] & 0x02) !== 0;
      canvas = {
        width: 1 + uint24(bytes, body + 4),
        height: 1 + uint24(bytes, body + 7),
      };
    } else if (name === "VP8 " && !picture) {
      lossy = true;
      picture = readVp8(bytes.subarray(body, body + length));
    } else if (name === "VP8L" && !picture) {
      picture = readVp8L(bytes.subarray(body, body + length));
      hasAlpha ||= (bytes[body + 4] & 0x10) !== 0;
    } else if (name === "ALPH") hasAlpha = true;
    else if (name === "ANIM" || name === "ANMF") animated = true;
    else if (name === "EXIF" && !exif) {
      exif = trimExif(bytes.subarray(body, body + length));
    }
    at = body + length + (length & 1);
  }
  const size = animated ? canvas : picture;
  if (!size) throw malformed("it holds no picture.");
  if (
    canvas && (canvas.width !== size.width || canvas.height !== size.height)
  ) {
    throw malformed(
      `its canvas is ${canvas.width}×${canvas.height} pixels, its picture ${size.width}×${size.height}.`,
    );
  }
  return { ...size, lossy, animated, hasAlpha, exif };
}

function readVp8(body: Uint8Array): Size {
  if (body.length < 10 || (body[0] & 1) !== 0) {
    throw malformed("its VP8 frame is not a key frame.");
  }
  if (body[3] !== 0x9d || body[4] !== 0x01 || body[5] !== 0x2a) {
    throw malformed("its VP8 start code is wrong.");
  }
  const width = (body[6] | (body[7] << 8)) & 0x3fff;
  const height = (body[8] | (body[9] << 8)) & 0x3fff;
  if (width === 0 || height === 0) {
    throw malformed(`its header says ${width}×${height} pixels.`);
  }
  return { width, height };
}

function readVp8L(body: Uint8Array): Size {
  if (body.length < 5 || body[0] !== 0x2f) {
    throw malformed("its VP8L signature is wrong.");
  }
  return {
    width: 1 + (body[1] | ((body[2] & 0x3f) << 8)),
    height: 1 + ((body[2] >> 6) | (body[3] << 2) | ((body[4] & 0x0f) << 10)),
  };
}

/** The block without JPEG's "Exif\0\0", which some writers keep before it. */
function trimExif(body: Uint8Array): Uint8Array {
  return body[0] === 0x45 && body[1] === 0x78 && body[4] === 0
    ? body.subarray(6)
    : body;
}

function uint24(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
}

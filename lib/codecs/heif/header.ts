import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";
import { type Errors, heifKind } from "./boxes.ts";
import { type HeifItems, readHeifItems } from "./items.ts";
import { type CodedPicture, readPicture } from "./picture.ts";

/**
 * What a HEIF file (ISO 23008-12) states of its primary picture; width and height are those of the decoded samples. All
 * of its codings lose values, or may.
 */
export interface HeifHeader
  extends Size, Pick<CodedPicture, "coding" | "depth" | "isGrey"> {
  /** EXIF's number, 1 to 8, for how the decoded samples are still to be turned: libheif turns and crops, libavif not. */
  orientation: number;
  hasAlpha: boolean;
  /** Pixels that are coded: tiles may reach beyond the picture, and alpha is a picture of its own. */
  coded: number;
}

/** Pixels that may be coded for every one that is shown, and beside them: tiles and blocks reach beyond small pictures. */
const MAX_CODED = 2;
const MORE_CODED = 2 ** 19;

/** What turning a picture that is shown by orientation n by a quarter to the left makes of n, and so on. */
const TURNED = [8, 5, 6, 7, 4, 1, 2, 3];
const FLIPPED = [4, 3, 2, 1, 8, 7, 6, 5];
const MIRRORED = [2, 1, 4, 3, 6, 5, 8, 7];

/** The errors of a file in ISO boxes, with the name that people know it by. */
export const heifErrors = (bytes: Uint8Array): Errors =>
  readErrors(heifKind(bytes) ?? "HEIC");

/**
 * Reads the boxes of a HEIC or AVIF file; decodes nothing. Of a file with several pictures, the primary one is read,
 * and of one with a sequence the still picture beside it.
 *
 * @throws {EdgeError} `truncated` where picture data lie beyond the file's end; `unsupported-type` for a sequence alone,
 * and for other codings.
 */
export function readHeifHeader(bytes: Uint8Array): HeifHeader {
  const errors = heifErrors(bytes);
  const { truncated, tooLarge, unsupported } = errors;
  const items = readHeifItems(bytes, errors);
  if (items === undefined) {
    if (!hasSequence(bytes)) throw truncated("before its picture");
    throw unsupported("a still picture", "a sequence without one");
  }
  const picture = readPicture(items, items.primary);
  const item = findAlpha(items);
  const alpha = item === undefined ? undefined : readPicture(items, item);
  const { coding, depth, isGrey, stored } = picture;
  const shown = place(items, stored);
  const area = shown.width * shown.height;
  for (const { coded } of alpha === undefined ? [picture] : [picture, alpha]) {
    if (coded > MAX_CODED * area + MORE_CODED) {
      throw tooLarge("it shows only a small part of what is coded.");
    }
  }
  if (coding === "AV1" && area !== stored.width * stored.height) {
    throw unsupported("a whole AVIF picture", "one that is cropped when shown");
  }
  return {
    ...coding === "AV1"
      ? { ...shown, ...stored }
      : { ...shown, orientation: 1 },
    coding,
    depth,
    isGrey,
    hasAlpha: alpha !== undefined,
    coded: picture.coded + (alpha?.coded ?? 0),
  };
}

/** The primary picture's size and orientation after its transformations, ISO 23008-12 §6.5.9 to §6.5.12. */
function place(
  items: HeifItems,
  stored: Size,
): Size & { orientation: number } {
  let { width, height } = stored;
  let orientation = 1;
  for (const [type, reader] of items.propertiesOf(items.primary)) {
    if (type === "clap") {
      const [w, perW, h, perH] = [4, 4, 4, 4].map((n) => reader.number(n));
      const size = {
        width: Math.round(w / perW),
        height: Math.round(h / perH),
      };
      if (!(size.width <= width && size.height <= height)) {
        throw items.errors.malformed("its crop is larger than its picture.");
      }
      ({ width, height } = size);
    } else if (type === "irot") {
      for (let turns = reader.number(1) & 3; turns > 0; turns--) {
        orientation = TURNED[orientation - 1];
        [width, height] = [height, width];
      }
    } else if (type === "imir") {
      const table = (reader.number(1) & 1) === 0 ? FLIPPED : MIRRORED;
      orientation = table[orientation - 1];
    }
  }
  return { width, height, orientation };
}

/** The picture that holds the primary one's opacity. */
function findAlpha(items: HeifItems): number | undefined {
  for (const [item, of] of items.references("auxl")) {
    if (!of.includes(items.primary)) continue;
    const found = items.propertiesOf(item).find(([type]) => type === "auxC");
    if (found === undefined) continue;
    const { bytes, box } = found[1];
    const name = new TextDecoder("latin1").decode(
      bytes.subarray(box.from + 4, Math.min(box.to, box.from + 64)),
    );
    if (/:auxiliary:alpha\0|:hevc:2015:auxid:1\0/.test(name)) return item;
  }
  return undefined;
}

function hasSequence(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 8 <= bytes.length;) {
    if (view.getUint32(at + 4) === 0x6d6f6f76) return true; // moov
    const size = view.getUint32(at);
    if (size < 8) return false;
    at += size;
  }
  return false;
}

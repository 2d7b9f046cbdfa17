import { BMP_HEADERS } from "../codecs/bmp/header.ts";
import { EdgeError } from "../core/errors.ts";
import { readErrors } from "../core/read_errors.ts";
import { isDicom } from "../dicom/data_set/file.ts";
import { describeForeign, isCameraRaw } from "./foreign_type.ts";
import { isBeginningOf, matches, type Signature } from "./signature.ts";

/** The types of images that are decoded here. */
export type ImageType =
  | "image/png"
  | "image/jpeg"
  | "image/webp"
  | "image/tiff"
  | "image/gif"
  | "image/bmp"
  | "image/jp2"
  | "application/dicom"
  | "application/x-nifti";

/** How the files of a type are known. */
interface Kind {
  /** Its name in messages. */
  name: string;
  signatures: Signature[];
  /** Of files that a signature does not tell. */
  is?(bytes: Uint8Array): boolean;
  /** Of files that have a signature and are of another kind. */
  isNot?(bytes: Uint8Array): boolean;
}

/**
 * The types by their first bytes: PNG (third edition) §5.2, JPEG (T.81) §B.1.1.3, WebP RFC 9649 §2.4, TIFF 6.0 §2 and
 * BigTIFF, GIF89a §17, BMP and the length of its header, JPEG 2000 (T.800 §I.5.1, §A.4.1), DICOM PS3.10 §7.1, NIfTI-1 `magic`. The order is that of messages.
 */
const KINDS: Record<ImageType, Kind> = {
  "image/png": { name: "PNG", signatures: [[[0, "\x89PNG\r\n\x1a\n"]]] },
  "image/jpeg": { name: "JPEG", signatures: [[[0, "\xff\xd8\xff"]]] },
  "image/webp": { name: "WebP", signatures: [[[0, "RIFF"], [8, "WEBP"]]] },
  "image/tiff": {
    name: "TIFF",
    signatures: ["II*\0", "MM\0*", "II+\0", "MM\0+"].map((text) => [[0, text]]),
    isNot: isCameraRaw,
  },
  "image/gif": {
    name: "GIF",
    signatures: [[[0, "GIF87a"]], [[0, "GIF89a"]]],
  },
  "image/bmp": {
    name: "BMP",
    signatures: BMP_HEADERS.map((size) => [
      [0, "BM"],
      [14, String.fromCharCode(size) + "\0\0\0"],
    ]),
  },
  "image/jp2": {
    name: "JPEG 2000",
    signatures: [
      [[0, "\0\0\0\x0cjP  \r\n\x87\n"]],
      [[0, "\xff\x4f\xff\x51"]],
    ],
  },
  "application/dicom": {
    name: "DICOM",
    signatures: [[[0, "\0".repeat(128) + "DICM"]]],
    is: isDicom,
  },
  "application/x-nifti": {
    name: "NIfTI",
    signatures: [
      [[0, "\x5c\x01\0\0"], [344, "n+1\0"]],
      [[0, "\0\0\x01\x5c"], [344, "n+1\0"]],
      [[0, "\x1f\x8b\x08"]],
    ],
  },
};

const TYPES = Object.keys(KINDS) as ImageType[];

/** The names of all types, for messages: "PNG, JPEG or WebP". */
const NAMES = new Intl.ListFormat("en-GB", { type: "disjunction" })
  .format(TYPES.map((type) => KINDS[type].name));

/** The type of a file by its first bytes, or undefined where they are those of no image that is read here. */
export function sniffMediaType(bytes: Uint8Array): ImageType | undefined {
  return TYPES.find((type) => {
    const { signatures, is, isNot } = KINDS[type];
    return (signatures.some((one) => matches(bytes, one)) || is?.(bytes)) &&
      !isNot?.(bytes);
  });
}

/**
 * The type of a file, which its bytes alone decide: what its sender or its name says is often a guess.
 *
 * @throws {EdgeError} `empty`, `truncated` or `unsupported-type`; the message names what came, and what to send instead.
 */
export function checkMediaType(bytes: Uint8Array): ImageType {
  if (bytes.length === 0) {
    throw new EdgeError("empty", "Cannot read the image: it has 0 bytes.");
  }
  const type = sniffMediaType(bytes);
  if (type !== undefined) return type;
  const { truncated, unsupported } = readErrors("image");
  throw isBeginning(bytes)
    ? truncated(`after ${bytes.length} bytes, too few to hold a picture`)
    : unsupported(
      NAMES,
      describeForeign(bytes) ?? "bytes that are none of these",
    );
}

/** Whether the bytes are the beginning of an image that is read here, too short to be recognised. */
function isBeginning(bytes: Uint8Array): boolean {
  return TYPES.some((type) =>
    KINDS[type].signatures.some((one) => isBeginningOf(bytes, one))
  );
}

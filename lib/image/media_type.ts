import { BMP_HEADERS } from "../codecs/bmp/header.ts";
import { HEAD_BYTES, isGzip, unpackGzip, unpackHead } from "../codecs/gzip.ts";
import { HEIF_BRANDS, heifKind } from "../codecs/heif/boxes.ts";
import { isJpegXl } from "../codecs/jpeg_xl/codestream.ts";
import { isMetaImage } from "../codecs/meta_image/fields.ts";
import { isNifti } from "../codecs/nifti/header.ts";
import { hasText } from "../core/bytes.ts";
import { EdgeError } from "../core/errors.ts";
import { readErrors } from "../core/read_errors.ts";
import { isDicom } from "../dicom/data_set/file.ts";
import { describeForeign, isCameraRaw } from "./foreign_type.ts";
import { isBeginningOf, matches, type Signature } from "./signature.ts";

export { HEAD_BYTES };

/** The types of images that are decoded here. */
export type ImageType =
  | "image/png"
  | "image/jpeg"
  | "image/webp"
  | "image/tiff"
  | "image/gif"
  | "image/bmp"
  | "image/jp2"
  | "image/avif"
  | "image/heic"
  | "image/jxl"
  | "application/dicom"
  | "application/x-nifti"
  | "application/x-nrrd"
  | "application/x-metaimage";

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

/** Files of HEIF by their major brand; those of others state it among the compatible ones. */
const brands = (names: string[]) =>
  names.map((name): Signature => [[0, "\0\0\0"], [4, `ftyp${name}`]]);

/**
 * The types by their first bytes: PNG (third edition) §5.2, JPEG (T.81) §B.1.1.3, WebP RFC 9649 §2.4, TIFF 6.0 §2 and
 * BigTIFF, GIF89a §17, BMP and the length of its header, JPEG 2000 (T.800 §I.5.1, §A.4.1), AVIF and HEIC by the brands
 * of ISO 23008-12 §10, JPEG XL, DICOM PS3.10 §7.1, NIfTI, NRRD, MetaImage. The order is that of messages.
 */
const KINDS: Record<ImageType, Kind> = {
  "image/png": { name: "PNG", signatures: [[[0, "\x89PNG\r\n\x1a\n"]]] },
  "image/jpeg": { name: "JPEG", signatures: [[[0, "\xff\xd8\xff"]]] },
  "image/webp": { name: "WebP", signatures: [[[0, "RIFF"], [8, "WEBP"]]] },
  "image/tiff": {
    name: "TIFF",
    signatures: ["II*\0", "MM\0*", "II+\0", "MM\0+"].map((text) => [[0, text]]),
    // The preamble of a DICOM file may be the header of a TIFF that shares its pixels (PS3.10 §7.1).
    isNot: (bytes) => isCameraRaw(bytes) || hasText(bytes, 128, "DICM"),
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
  "image/avif": {
    name: "AVIF",
    signatures: brands(HEIF_BRANDS.AVIF),
    is: (bytes) => heifKind(bytes) === "AVIF",
  },
  "image/heic": {
    name: "HEIC",
    signatures: brands(HEIF_BRANDS.HEIC),
    is: (bytes) => heifKind(bytes) === "HEIC",
  },
  "image/jxl": {
    name: "JPEG XL",
    signatures: [[[0, "\0\0\0\x0cJXL \r\n\x87\n"]]],
    is: isJpegXl,
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
      [[0, "\x1c\x02\0\0"], [4, "n+2\0"]],
      [[0, "\0\0\x02\x1c"], [4, "n+2\0"]],
    ],
    is: isNifti,
  },
  "application/x-nrrd": { name: "NRRD", signatures: [[[0, "NRRD000"]]] },
  "application/x-metaimage": {
    name: "MetaImage",
    signatures: [[[0, "ObjectType = Image\n"]]],
    is: isMetaImage,
  },
};

const TYPES = Object.keys(KINDS) as ImageType[];

/** The names of all types, for messages: "PNG, JPEG or WebP". */
const NAMES = new Intl.ListFormat("en-GB", { type: "disjunction" })
  .format(TYPES.map((type) => KINDS[type].name));

/**
 * The type of a file by its first bytes, gzipped or not; undefined where they are those of no image that is read here. A
 * gzip file that shows nothing, because it is damaged or too short, counts as the kind that is usually gzipped.
 */
export function sniffMediaType(bytes: Uint8Array): ImageType | undefined {
  if (!isGzip(bytes)) return sniffPlain(bytes);
  const head = headOf(bytes);
  const isUnknown = head.length === 0 || isBeginning(head);
  return sniffPlain(head) ?? (isUnknown ? "application/x-nifti" : undefined);
}

function sniffPlain(bytes: Uint8Array): ImageType | undefined {
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
  if (isBeginning(bytes)) {
    throw truncated(`after ${bytes.length} bytes, too few to hold a picture`);
  }
  const [plain, where] = isGzip(bytes)
    ? [headOf(bytes), "a gzip file of "]
    : [bytes, ""];
  const kind = describeForeign(plain) ?? "bytes that are none of these";
  throw unsupported(NAMES, where + kind);
}

/** The beginning of what a gzip file holds; nothing where it is damaged. */
function headOf(bytes: Uint8Array): Uint8Array {
  return unpackHead(bytes) ?? new Uint8Array(0);
}

/**
 * The file itself of one that may have been gzipped. NIfTI stays as it is: its reader unpacks volumes piece by piece.
 *
 * @throws {EdgeError} for a gzip file that is damaged, or larger than is accepted.
 */
export function unpackImage(bytes: Uint8Array): Uint8Array {
  return isGzip(bytes) ? unpackAs(sniffMediaType(bytes), bytes) : bytes;
}

function unpackAs(
  type: ImageType | undefined,
  bytes: Uint8Array,
): Uint8Array {
  const isPacked = isGzip(bytes) && type !== "application/x-nifti";
  return isPacked ? unpackGzip(bytes) : bytes;
}

/**
 * The type of a file ({@linkcode checkMediaType}) and the file itself ({@linkcode unpackImage}).
 *
 * @throws {EdgeError}
 */
export function openImage(
  file: Uint8Array,
): { type: ImageType; bytes: Uint8Array } {
  const type = checkMediaType(file);
  return { type, bytes: unpackAs(type, file) };
}

/** Whether the bytes are the beginning of an image that is read here, too short to be recognised. */
function isBeginning(bytes: Uint8Array): boolean {
  return TYPES.some((type) =>
    KINDS[type].signatures.some((one) => isBeginningOf(bytes, one))
  );
}

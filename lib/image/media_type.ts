import { hasText } from "../core/bytes.ts";
import { isDicom } from "../dicom/data_set/file.ts";
import { heifKind } from "../codecs/heif/boxes.ts";
import { isJpegXl } from "../codecs/jpeg_xl/codestream.ts";
import { EdgeError } from "../core/errors.ts";
import { readErrors } from "../core/read_errors.ts";

/** The types of images that are decoded here. */
export type ImageType =
  | "image/png"
  | "image/jpeg"
  | "image/webp"
  | "image/tiff"
  | "image/avif"
  | "image/heic"
  | "image/jxl"
  | "application/dicom"
  | "application/x-nifti";

/**
 * The type by the magic bytes, or undefined: PNG (third edition) §5.2, JPEG (T.81) B.1.1.3, WebP RFC 9649 §2.4, TIFF
 * 6.0 §2 (and BigTIFF's 43, refused later with its own message), AVIF and HEIC by the brands of ISO 23008-12 §10, JPEG
 * XL, DICOM PS3.10 §7.1, NIfTI-1 (`n+1`). A gzip file is taken for a NIfTI volume, since no other gzipped kind is read
 * here.
 */
export function sniffMediaType(bytes: Uint8Array): ImageType | undefined {
  if (hasText(bytes, 0, "\x89PNG\r\n\x1a\n")) return "image/png";
  if (hasText(bytes, 0, "\xff\xd8\xff")) return "image/jpeg";
  if (hasText(bytes, 0, "RIFF") && hasText(bytes, 8, "WEBP")) {
    return "image/webp";
  }
  if (hasText(bytes, 0, "II*\0") || hasText(bytes, 0, "MM\0*")) {
    return "image/tiff";
  }
  if (hasText(bytes, 0, "II+\0") || hasText(bytes, 0, "MM\0+")) {
    return "image/tiff";
  }
  const kind = heifKind(bytes);
  if (kind !== undefined) return kind === "AVIF" ? "image/avif" : "image/heic";
  if (isJpegXl(bytes)) return "image/jxl";
  if (isDicom(bytes)) return "application/dicom";
  if (hasText(bytes, 344, "n+1\0") || hasText(bytes, 0, "\x1f\x8b\x08")) {
    return "application/x-nifti";
  }
  return undefined;
}

/**
 * The type of the bytes, checked against the declared one. Parameters of the declaration are ignored, and so are
 * declarations in `SAYS_NOTHING`; those in `ALIASES` count as their canonical form.
 *
 * @throws {EdgeError} `empty`, `truncated`, `unsupported-type` or `media-type-mismatch`.
 */
export function checkMediaType(
  bytes: Uint8Array,
  declared?: string,
): ImageType {
  if (bytes.length === 0) {
    throw new EdgeError("empty", "Cannot read the image: it has 0 bytes.");
  }
  const type = sniffMediaType(bytes);
  if (type === undefined) {
    const { truncated, unsupported } = readErrors("image");
    throw isPrefix(bytes)
      ? truncated(`after ${bytes.length} bytes, too few to hold a picture`)
      : unsupported(
        "PNG, JPEG, WebP, TIFF, AVIF, HEIC, JPEG XL, DICOM or NIfTI",
        foreign(bytes) ?? "bytes that are none of these",
      );
  }
  const wanted = normalise(declared);
  if (wanted !== undefined && wanted !== type) {
    throw new EdgeError(
      "media-type-mismatch",
      `Cannot read the image: it was declared as ${wanted}, but its bytes are ${type}.`,
    );
  }
  return type;
}

/** Declarations that say nothing about the format; the third is curl's default. */
const SAYS_NOTHING = [
  "image/*",
  "application/octet-stream",
  "application/x-www-form-urlencoded",
];

const ALIASES: Record<string, string> = {
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "image/x-png": "image/png",
  "image/apng": "image/png",
  "image/tif": "image/tiff",
  "image/heif": "image/heic",
  "application/dicom+octet-stream": "application/dicom",
  "application/nifti": "application/x-nifti",
  "application/gzip": "application/x-nifti",
  "application/x-gzip": "application/x-nifti",
};

/** The declared type in its canonical form, or undefined where it says nothing about the format. */
function normalise(declared: string | undefined): string | undefined {
  const name = declared?.split(";", 1)[0]?.trim().toLowerCase();
  if (!name || SAYS_NOTHING.includes(name)) return undefined;
  // The name is repeated in messages, so only a plain token is let through.
  if (!/^[a-z]{1,20}\/[a-z0-9.+-]{1,40}$/.test(name)) return "another type";
  return ALIASES[name] ?? name;
}

/** Common kinds of images that are not read here, so that the message can name them. */
function foreign(bytes: Uint8Array): string | undefined {
  if (hasText(bytes, 0, "GIF8")) return "a GIF";
  if (hasText(bytes, 0, "BM")) return "a BMP";
  return undefined;
}

/** How files begin, and how many bytes it takes to recognise them. */
const BEGINNINGS: [signature: string, bytes: number][] = [
  ["\x89PNG\r\n\x1a\n", 8],
  ["\xff\xd8\xff", 3],
  ["RIFF", 12],
  ["II*\0", 4],
  ["MM\0*", 4],
  // The size of the first box of HEIC, AVIF and JPEG XL.
  ["\0\0\0", 16],
  ["\0".repeat(128) + "DICM", 132],
  ["\x1f\x8b\x08", 3],
  // The length of a NIfTI-1 header, in either byte order.
  ["\x5c\x01\0\0", 348],
  ["\0\0\x01\x5c", 348],
];

/** Whether the bytes are the beginning of a file, too short to be recognised. */
function isPrefix(bytes: Uint8Array): boolean {
  return BEGINNINGS.some(([signature, needed]) =>
    bytes.length < needed && hasText(bytes, 0, signature.slice(0, bytes.length))
  );
}

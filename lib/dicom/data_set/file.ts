import { inflateRawSync } from "node:zlib";
import { hasText } from "../../core/bytes.ts";
import { Dataset, malformed, tooLarge, truncated } from "./data_set.ts";
import { TAG } from "./tags.ts";

/** A DICOM file (PS3.10): its data set, and how its pixels are coded. */
export interface DicomFile {
  /** UID of the transfer syntax. */
  transferSyntax: string;
  dataset: Dataset;
}

const EXPLICIT = { littleEndian: true, explicit: true };
const IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2";
const EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2";
const DEFLATED = "1.2.840.10008.1.2.1.99";
/** Deflated data sets may grow to this many times the file, and to this many bytes. */
const MAX_RATIO = 100;
const MAX_INFLATED = 256 * 2 ** 20;

/**
 * Whether bytes begin like a DICOM file: with `DICM` after the preamble, or, without a preamble, with the group
 * length of the file meta information.
 */
export function isDicom(bytes: Uint8Array): boolean {
  return hasText(bytes, 128, "DICM") || hasText(bytes, 0, META);
}

const META = "\x02\0\0\0UL\x04\0";

/**
 * Reads the data set of a DICOM file that {@linkcode isDicom} has recognised; decodes no pixels.
 *
 * @throws {EdgeError} for a file that is cut short, contradicts its format, or nests or grows more than real files
 * do.
 */
export function readDicom(bytes: Uint8Array): DicomFile {
  const start = hasText(bytes, 128, "DICM") ? 132 : 0;
  const { dataset: meta, end } = Dataset.read(
    bytes,
    start,
    EXPLICIT,
    (tag) => tag >= 0x00030000,
  );
  const transferSyntax = meta.text(TAG.transferSyntax);
  if (transferSyntax === "") {
    if (end >= bytes.length) {
      throw truncated("inside its file meta information");
    }
    throw malformed("it states no transfer syntax.");
  }
  if (transferSyntax === DEFLATED) {
    const inflated = inflate(bytes.subarray(end));
    const { dataset } = Dataset.read(inflated, 0, EXPLICIT);
    return { transferSyntax, dataset };
  }
  const coding = {
    littleEndian: transferSyntax !== EXPLICIT_BIG_ENDIAN,
    explicit: transferSyntax !== IMPLICIT_LITTLE_ENDIAN,
  };
  const { dataset } = Dataset.read(bytes, end, coding);
  return { transferSyntax, dataset };
}

function inflate(stream: Uint8Array): Uint8Array {
  const most = Math.min(MAX_INFLATED, (stream.length + 1) * MAX_RATIO);
  try {
    return inflateRawSync(stream, { maxOutputLength: most });
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (code === "Z_BUF_ERROR") {
      throw truncated("inside its deflated data set", cause);
    }
    if (code === "ERR_BUFFER_TOO_LARGE") {
      throw tooLarge(`its deflated data set holds more than ${most} bytes.`);
    }
    throw malformed("its deflated data set is damaged.", cause);
  }
}

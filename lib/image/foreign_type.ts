import { hasText } from "../core/bytes.ts";
import { matches, type Signature } from "./signature.ts";

const CR2: Signature = [[0, "II*\0"], [8, "CR\x02"]];

const DEVELOP = "develop it, and send it as TIFF, PNG or JPEG";

/** What people send that is no image, or none that is read here, by what they can send instead. */
const FOREIGN: Record<string, [kind: string, ...signature: Signature][]> = {
  "send one image; only a series can be sent as a zip archive": [
    ["a zip archive", [0, "PK\x03\x04"]],
    ["an empty zip archive", [0, "PK\x05\x06"]],
  ],
  "unpack it, and send one image": [
    ["a tar archive", [257, "ustar"]],
    ["a 7z archive", [0, "7z\xbc\xaf\x27\x1c"]],
    ["a RAR archive", [0, "Rar!\x1a\x07"]],
    ["a gzip file", [0, "\x1f\x8b"]],
    ["a bzip2 file", [0, "BZh"]],
    ["an xz file", [0, "\xfd7zXZ\0"]],
    ["a zstd file", [0, "\x28\xb5\x2f\xfd"]],
  ],
  "export its picture as PNG, TIFF or DICOM": [
    ["a PDF document", [0, "%PDF-"]],
    ["a PostScript document", [0, "%!PS"]],
    ["a Photoshop file", [0, "8BPS"]],
    ["an OpenEXR picture", [0, "\x76\x2f\x31\x01"]],
    ["a Radiance picture", [0, "#?RADIANCE"]],
    ["a JPEG XR picture", [0, "II\xbc\x01"]],
    ["a DjVu document", [0, "AT&TFORM"]],
    ["an MNG animation", [0, "\x8aMNG\r\n\x1a\n"]],
    ["a PGM picture", [0, "P5"]],
    ["a PPM picture", [0, "P6"]],
    ["an icon", [0, "\0\0\x01\0"], [5, "\0"]],
  ],
  [DEVELOP]: [
    ["a camera's raw file", [4, "ftypcrx "]],
    ["a camera's raw file", [0, "FUJIFILMCCD-RAW"]],
    ["a camera's raw file", [0, "IIU\0"]],
    ["a camera's raw file", [0, "IIR"]],
    ["a camera's raw file", [0, "MMOR"]],
  ],
  "send its frames as images": [
    ["an AVI video", [0, "RIFF"], [8, "AVI "]],
    ["a Matroska or WebM video", [0, "\x1a\x45\xdf\xa3"]],
    ["an MPEG video", [0, "\0\0\x01\xba"]],
    ["an MPEG video", [0, "\0\0\x01\xb3"]],
    ["a QuickTime video", [4, "ftypqt  "]],
    ["a QuickTime video", [4, "moov"]],
    ["a QuickTime video", [4, "mdat"]],
    ["a QuickTime video", [4, "wide"]],
    ["an MP4 video", [4, "ftyp"]],
  ],
  "convert it to NIfTI": [
    ["a NumPy array", [0, "\x93NUMPY"]],
    ["a volume of FreeSurfer's", [0, "\0\0\0\x01\0\0"]],
    ["a MATLAB file", [0, "MATLAB 5.0 MAT-file"]],
    [
      "an HDF5 file, such as MINC 2 or MATLAB 7.3",
      [0, "\x89HDF\r\n\x1a\n"],
    ],
    ["a NetCDF file, such as MINC 1", [0, "CDF\x01"]],
    ["a NetCDF file, such as MINC 1", [0, "CDF\x02"]],
  ],
};

/**
 * What bytes are that are not read here, and what to send instead, in words; undefined where they are unknown.
 */
export function describeForeign(bytes: Uint8Array): string | undefined {
  for (const [advice, kinds] of Object.entries(FOREIGN)) {
    for (const [kind, ...signature] of kinds) {
      if (matches(bytes, signature)) return `${kind}; ${advice}`;
    }
  }
  if (isCameraRaw(bytes)) return `a camera's raw file; ${DEVELOP}`;
  if (isAnalyze(bytes)) {
    return "an Analyze 7.5 header, which holds no pixels; convert it and its .img file to NIfTI";
  }
  if (isEmbedding(bytes)) {
    return "a safetensors file; send an embedding as application/x-safetensors";
  }
  const text = describeText(bytes);
  return text && `${text}; send an image`;
}

/** A header of 348 bytes (Analyze 7.5, `dbh.h`) without the magic number of NIfTI. */
function isAnalyze(bytes: Uint8Array): boolean {
  return bytes.length >= 348 &&
    (hasText(bytes, 0, "\x5c\x01\0\0") || hasText(bytes, 0, "\0\0\x01\x5c"));
}

/** A length and a JSON object, as safetensors begin. */
function isEmbedding(bytes: Uint8Array): boolean {
  return hasText(bytes, 4, "\0\0\0\0{");
}

/** The kind of a text, by its first letters. */
function describeText(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes.subarray(0, 1024)).trimStart();
  if (/^(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype svg|<svg)/is.test(text)) {
    return "an SVG drawing";
  }
  if (/^<(!doctype )?html/i.test(text)) return "an HTML page";
  if (/^<(\?xml|!--)/i.test(text)) return "XML";
  if (/^[{[]\s*["\]}{[\d]/.test(text)) return "JSON";
  // deno-lint-ignore no-control-regex
  if (/^[^\0-\x08\x0e-\x1f\ufffd]+\ufffd?$/.test(text)) return "text";
  return undefined;
}

/**
 * Whether a TIFF file is a camera's raw file, whose first picture is a preview: DNG states its version (DNG 1.7,
 * chapter 4), and the others name a maker and keep the sensor's data in a sub-directory behind a small picture.
 */
export function isCameraRaw(bytes: Uint8Array): boolean {
  if (matches(bytes, CR2)) return true;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = hasText(bytes, 0, "II");
  if (bytes.length < 8 || view.getUint16(2, little) !== 42) return false;
  const start = view.getUint32(4, little);
  if (start + 2 > bytes.length) return false;
  const count = view.getUint16(start, little);
  if (start + 2 + 12 * count > bytes.length) return false;
  const tags = new Map(
    Array.from({ length: count }, (_, i) => start + 2 + 12 * i)
      .map((at) => [view.getUint16(at, little), at]),
  );
  if (tags.has(DNG_VERSION)) return true;
  const kind = tags.get(SUBFILE_TYPE);
  return tags.has(MAKE) && tags.has(SUB_DIRECTORIES) && kind !== undefined &&
    view.getUint32(kind + 8, little) === 1;
}

const [SUBFILE_TYPE, MAKE, SUB_DIRECTORIES, DNG_VERSION] = [
  254,
  271,
  330,
  50706,
];

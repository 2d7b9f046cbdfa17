import { decodeHeif } from "../codecs/heif/decode.ts";
import { readHeifHeader } from "../codecs/heif/header.ts";
import { decodeJpeg } from "../codecs/jpeg/decode.ts";
import { readJpegHeader } from "../codecs/jpeg/markers.ts";
import { jpegXlCodestream } from "../codecs/jpeg_xl/codestream.ts";
import { decodeJpegXl } from "../codecs/jpeg_xl/decode.ts";
import { readJpegXlHeader } from "../codecs/jpeg_xl/header.ts";
import { decodeNifti, decodeNiftiSlices } from "../codecs/nifti/decode.ts";
import { framesOfNifti, readNiftiHeader } from "../codecs/nifti/header.ts";
import { readPngHeader } from "../codecs/png/chunks.ts";
import { decodePng } from "../codecs/png/decode.ts";
import type { DecodeOptions, Samples } from "../codecs/samples.ts";
import { decodeTiff } from "../codecs/tiff/decode.ts";
import { readTiffSize } from "../codecs/tiff/layout.ts";
import { readWebpChunks } from "../codecs/webp/chunks.ts";
import { decodeWebp } from "../codecs/webp/decode.ts";
import type { FileFrames } from "../core/frames.ts";
import type { Size } from "../core/geometry.ts";
import { readDicom } from "../dicom/data_set/file.ts";
import {
  decodeDicom,
  decodeDicomFrames,
  framesOfDicom,
} from "../dicom/pixels/decode.ts";
import { dicomSize, readDicomLayout } from "../dicom/pixels/layout.ts";
import type { ImageType } from "./media_type.ts";

/** How the files of one format are read. All throw {@linkcode EdgeError} and nothing else. */
export interface Format {
  /** Width and height of a frame as stored, from the header alone. */
  readSize(bytes: Uint8Array, frame?: number): Size;
  decode(
    bytes: Uint8Array,
    options: DecodeOptions,
  ): Samples | Promise<Samples>;
  /** Of formats whose files can have several frames. */
  frames?: {
    count(bytes: Uint8Array): FileFrames;
    /** The frames from one on, each decoded when it is asked for. */
    decode(bytes: Uint8Array, from: number): AsyncIterable<Samples>;
  };
}

export const FORMATS: Record<ImageType, Format> = {
  "image/png": { readSize: readPngHeader, decode: decodePng },
  "image/jpeg": { readSize: readJpegHeader, decode: decodeJpeg },
  "image/webp": { readSize: readWebpChunks, decode: decodeWebp },
  "image/tiff": { readSize: readTiffSize, decode: decodeTiff },
  "image/avif": { readSize: readHeifHeader, decode: decodeHeif },
  "image/heic": { readSize: readHeifHeader, decode: decodeHeif },
  "image/jxl": {
    readSize: (bytes) => readJpegXlHeader(jpegXlCodestream(bytes)),
    decode: decodeJpegXl,
  },
  "application/dicom": {
    readSize: (bytes) => dicomSize(readDicom(bytes).dataset),
    decode: (bytes, { frame }) => decodeDicom(bytes, frame),
    frames: {
      count: (bytes) => framesOfDicom(readDicomLayout(readDicom(bytes))),
      decode: (bytes, from) =>
        decodeDicomFrames(readDicomLayout(readDicom(bytes)), from),
    },
  },
  "application/x-nifti": {
    readSize: readNiftiHeader,
    decode: (bytes, { frame }) => decodeNifti(bytes, frame),
    frames: {
      count: (bytes) => framesOfNifti(readNiftiHeader(bytes)),
      decode: decodeNiftiSlices,
    },
  },
};

import { decodeBmp } from "../codecs/bmp/decode.ts";
import { readBmpHeader } from "../codecs/bmp/header.ts";
import { readGifSize } from "../codecs/gif/blocks.ts";
import { decodeGif } from "../codecs/gif/decode.ts";
import { decodeJpeg2000File } from "../codecs/jpeg_2000/file.ts";
import { readJpeg2000Header } from "../codecs/jpeg_2000/header.ts";
import { decodeJpeg } from "../codecs/jpeg/decode.ts";
import { readJpegHeader } from "../codecs/jpeg/markers.ts";
import { readMetaHeader } from "../codecs/meta_image/header.ts";
import { readNrrdHeader } from "../codecs/nrrd/header.ts";
import { readNiftiHeader } from "../codecs/nifti/header.ts";
import { decodeHeif } from "../codecs/heif/decode.ts";
import { readHeifHeader } from "../codecs/heif/header.ts";
import { jpegXlCodestream } from "../codecs/jpeg_xl/codestream.ts";
import { decodeJpegXl } from "../codecs/jpeg_xl/decode.ts";
import { readJpegXlHeader } from "../codecs/jpeg_xl/header.ts";
import { readPngHeader } from "../codecs/png/chunks.ts";
import { decodePng } from "../codecs/png/decode.ts";
import type { DecodeOptions, Samples } from "../codecs/samples.ts";
import { decodeTiff } from "../codecs/tiff/decode.ts";
import { readTiffSize } from "../codecs/tiff/layout.ts";
import { framesOfTiff } from "../codecs/tiff/pages.ts";
import { decodeSlice, decodeSlices } from "../codecs/volume/decode.ts";
import { framesOfVolume, type VolumeHeader } from "../codecs/volume/header.ts";
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
    /**
     * The frames from one on, each decoded when it is asked for. Where it is left out, frames are decoded one by one,
     * and each may have its own size.
     */
    decode?(bytes: Uint8Array, from: number): AsyncIterable<Samples>;
  };
  /** The header of a volume, of formats that hold volumes. */
  volume?: (bytes: Uint8Array) => VolumeHeader;
}

/** A format of volumes, all of which are read alike but for their headers. */
function volumes(read: (bytes: Uint8Array) => VolumeHeader): Format {
  return {
    readSize: read,
    decode: (bytes, { frame }) => decodeSlice(bytes, read(bytes), frame),
    frames: {
      count: (bytes) => framesOfVolume(read(bytes)),
      decode: (bytes, from) => decodeSlices(bytes, read(bytes), from),
    },
    volume: read,
  };
}

export const FORMATS: Record<ImageType, Format> = {
  "image/png": { readSize: readPngHeader, decode: decodePng },
  "image/jpeg": { readSize: readJpegHeader, decode: decodeJpeg },
  "image/webp": { readSize: readWebpChunks, decode: decodeWebp },
  "image/tiff": {
    readSize: readTiffSize,
    decode: decodeTiff,
    frames: { count: framesOfTiff },
  },
  "image/gif": { readSize: readGifSize, decode: decodeGif },
  "image/bmp": { readSize: readBmpHeader, decode: decodeBmp },
  "image/jp2": { readSize: readJpeg2000Header, decode: decodeJpeg2000File },
  "image/avif": { readSize: readHeifHeader, decode: decodeHeif },
  "image/heic": { readSize: readHeifHeader, decode: decodeHeif },
  "image/jxl": {
    readSize: (bytes) => readJpegXlHeader(jpegXlCodestream(bytes)),
    decode: decodeJpegXl,
  },
  "application/dicom": {
    readSize: (bytes) => dicomSize(readDicom(bytes).dataset),
    decode: decodeDicom,
    frames: {
      count: (bytes) => framesOfDicom(readDicomLayout(readDicom(bytes))),
      decode: (bytes, from) =>
        decodeDicomFrames(readDicomLayout(readDicom(bytes)), from),
    },
  },
  "application/x-nifti": volumes(readNiftiHeader),
  "application/x-nrrd": volumes(readNrrdHeader),
  "application/x-metaimage": volumes(readMetaHeader),
};

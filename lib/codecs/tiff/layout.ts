import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";
import { COMPRESSION, nameCompression } from "./compression.ts";
import { TAG, type TiffDirectory } from "./ifd.ts";
import { pageOfTiff, type TiffPage } from "./pages.ts";
import { type Segments, segmentsOf } from "./segments.ts";

/** What the bits of a sample are. */
export type SampleFormat = "unsigned" | "signed" | "float";

/** How one picture of a TIFF file is stored, checked and limited to what is read here. */
export interface TiffLayout extends Size, Segments {
  littleEndian: boolean;
  /** Bits per sample: 1 to 16, 32 or 64. */
  depth: number;
  format: SampleFormat;
  /** One of {@linkcode PHOTOMETRIC}. */
  photometric: number;
  /** Samples per pixel within one segment: all of them, or 1 where the planes are separate. */
  interleaved: number;
  /** Colour samples that are read: 1 grey or index, 3, or 4 inks. */
  colours: 1 | 3 | 4;
  /** Which sample is the opacity. */
  alpha: number | undefined;
  compression: number;
  /** T4Options or T6Options of fax compressions. */
  faxOptions: number;
  /** Tables that the JPEG data of all segments share, TIFF Technical Note 2. */
  jpegTables: Uint8Array | undefined;
  /** Whether the bits of every byte stand in reverse order. */
  reversed: boolean;
  predictor: number;
  /** Pixels that share their chroma, across and down (§21). */
  chroma: { across: number; down: number };
  /** Luma weights of red, green and blue, and the levels of black and white of every component (§20, §21). */
  lumaWeights: readonly number[];
  referenceLevels: readonly number[];
  /** Colour map: all reds, then greens, then blues, 16-bit. */
  palette: number[] | undefined;
}

const { malformed, unsupported } = readErrors("TIFF");

/** The photometric interpretations that are read. */
export const PHOTOMETRIC = {
  whiteIsZero: 0,
  blackIsZero: 1,
  rgb: 2,
  palette: 3,
  mask: 4,
  cmyk: 5,
  ycbcr: 6,
} as const;

const { none, huffman, fax3, fax4, lzw, jpeg, deflate, oldDeflate, zstd } =
  COMPRESSION;
const FAX: number[] = [huffman, fax3, fax4];

/** Width and height of a page, the first where none is named; decodes nothing. */
export function readTiffSize(bytes: Uint8Array, frame?: number): Size {
  return sizeOf(pageOfTiff(bytes, frame).directory);
}

function sizeOf(ifd: TiffDirectory): Size {
  const width = ifd.number(TAG.width, 0);
  const height = ifd.number(TAG.height, 0);
  if (width === 0 || height === 0) {
    throw malformed(`its header says ${width}×${height} pixels.`);
  }
  return { width, height };
}

/** Reads and checks the tags that describe how the pixels of a page lie in the file. @throws {EdgeError} */
export function readTiffLayout(
  { directory: ifd, plane }: TiffPage,
): TiffLayout {
  const size = sizeOf(ifd);
  const samples = ifd.number(TAG.samples, 1);
  const compression = compressionOf(ifd);
  const photometric = photometricOf(ifd, samples, compression);
  const { depth, format } = sampleKind(ifd);
  const colours = photometric === PHOTOMETRIC.cmyk
    ? 4
    : photometric === PHOTOMETRIC.rgb || photometric === PHOTOMETRIC.ycbcr
    ? 3
    : 1;
  if (samples < colours) {
    throw malformed(`it has ${samples} samples per pixel; wanted ${colours}.`);
  }
  if (ifd.number(TAG.imageDepth, 1) > 1) {
    throw unsupported("pages of one plane", "a volume in one page");
  }
  const isSeparate = ifd.number(TAG.planar, 1) === 2 && samples > 1;
  const [across, down = across] =
    photometric === PHOTOMETRIC.ycbcr && compression !== jpeg
      ? ifd.numbers(TAG.chromaSubsampling) ?? [2]
      : [1];
  const alpha = alphaOf(ifd, samples, colours);
  const layout: TiffLayout = {
    ...size,
    ...segmentsOf(ifd, size, {
      planes: isSeparate ? (alpha ?? colours - 1) + 1 : 1,
      stride: (width) =>
        Math.ceil((width * (isSeparate ? 1 : samples) * depth) / 8),
      isPlain: compression === none && across * down === 1,
      plane,
    }),
    littleEndian: ifd.littleEndian,
    depth,
    format,
    photometric,
    interleaved: isSeparate ? 1 : samples,
    colours,
    alpha,
    compression,
    faxOptions: ifd.number(
      compression === fax3 ? TAG.faxOptions3 : TAG.faxOptions4,
      0,
    ),
    jpegTables: ifd.block(TAG.jpegTables),
    reversed: ifd.number(TAG.fillOrder, 1) === 2 && compression !== jpeg,
    predictor: [lzw, deflate, oldDeflate, zstd].some((c) => c === compression)
      ? ifd.number(TAG.predictor, 1)
      : 1,
    chroma: { across, down },
    lumaWeights: ifd.rationals(TAG.lumaWeights, [0.299, 0.587, 0.114]),
    referenceLevels: ifd.rationals(
      TAG.referenceLevels,
      [0, 255, 128, 255, 128, 255],
    ),
    palette: photometric === PHOTOMETRIC.palette
      ? paletteOf(ifd, depth)
      : undefined,
  };
  check(layout);
  return layout;
}

function compressionOf(ifd: TiffDirectory): number {
  const compression = ifd.number(TAG.compression, none);
  if (!Object.values<number>(COMPRESSION).includes(compression)) {
    throw unsupported(
      "no compression, LZW, Deflate, PackBits, zstd, JPEG or fax",
      nameCompression(compression),
    );
  }
  return compression;
}

/** Interpretations that are not read, by name. */
const OTHER_COLOURS: Record<number, string> = {
  8: "CIELab colours",
  9: "ICCLab colours",
  10: "ITULab colours",
  32844: "LogL greys",
  32845: "LogLuv colours",
};

/** The interpretation that a page states; where it states none, what libtiff takes. */
function photometricOf(
  ifd: TiffDirectory,
  samples: number,
  compression: number,
): number {
  const usual = samples >= 3 ? 2 : FAX.includes(compression) ? 0 : 1;
  const stated = ifd.number(TAG.photometric, usual);
  if (stated > PHOTOMETRIC.ycbcr) {
    throw unsupported(
      "grey, RGB, palette, CMYK or YCbCr colours",
      OTHER_COLOURS[stated] ?? `photometric interpretation ${stated}`,
    );
  }
  if (stated === PHOTOMETRIC.cmyk && ifd.number(TAG.inkSet, 1) !== 1) {
    throw unsupported("CMYK", "other inks");
  }
  return stated;
}

/** Depth and format, which must be the same for all samples (§8, §19). */
function sampleKind(
  ifd: TiffDirectory,
): { depth: number; format: SampleFormat } {
  const depths = ifd.numbers(TAG.bits) ?? [1];
  const formats = ifd.numbers(TAG.sampleFormat) ?? [1];
  const depth = depths[0];
  if (depths.some((d) => d !== depth)) {
    throw unsupported(
      "the same number of bits in all samples",
      `${depths.slice(0, 4)}`,
    );
  }
  if (formats.some((f) => f !== formats[0])) {
    throw unsupported("one sample format", "several");
  }
  const format = ([, "unsigned", "signed", "float", "unsigned"] as const)[
    formats[0]
  ];
  if (format === undefined) {
    throw unsupported(
      "integers or floats",
      formats[0] === 5 || formats[0] === 6
        ? "complex numbers"
        : `sample format ${formats[0]}`,
    );
  }
  const depthsRead = {
    unsigned: [...Array(16).keys()].map((i) => i + 1).concat(32, 64),
    signed: [8, 16, 32, 64],
    float: [16, 32, 64],
  }[format];
  if (!depthsRead.includes(depth)) {
    throw unsupported(
      `${format === "unsigned" ? "1 to 16" : depthsRead[0]}, 32 or 64 bits`,
      `${depth}-bit ${format} samples`,
    );
  }
  return { depth, format };
}

/** The first extra sample that is an opacity, associated or not (§18). */
function alphaOf(
  ifd: TiffDirectory,
  samples: number,
  colours: number,
): number | undefined {
  const kinds = ifd.numbers(TAG.extraSamples) ?? [];
  const first = kinds.findIndex((kind) => kind === 1 || kind === 2);
  return first < 0 || colours + first >= samples ? undefined : colours + first;
}

function paletteOf(ifd: TiffDirectory, depth: number): number[] {
  const palette = ifd.numbers(TAG.palette);
  if (depth > 8 || palette?.length !== 3 << depth) {
    throw malformed(
      `its colour map has ${
        palette?.length ?? 0
      } values for ${depth}-bit pixels.`,
    );
  }
  // Some writers give bytes where words are meant, as libtiff found too.
  return palette.every((value) => value < 256)
    ? palette.map((value) => value * 257)
    : palette;
}

/** What does not go together, or is not read together. */
function check(layout: TiffLayout): void {
  const { depth, format, colours, predictor, chroma, interleaved } = layout;
  const { compression, photometric } = layout;
  const bits = `${depth}-bit ${format} samples`;
  if (format === "signed" && colours > 1) {
    throw unsupported("unsigned or float colours", bits);
  }
  if (colours > 1 && depth > 32) {
    throw unsupported("colours of up to 32 bits", bits);
  }
  if (colours === 4 && (format === "float" || depth > 16)) {
    throw unsupported("CMYK of up to 16 bits", bits);
  }
  if (
    photometric === PHOTOMETRIC.ycbcr && (depth !== 8 || format !== "unsigned")
  ) {
    throw unsupported("YCbCr of 8 bits", bits);
  }
  if (photometric === PHOTOMETRIC.palette && format !== "unsigned") {
    throw malformed("its palette has no whole numbers.");
  }
  if (FAX.includes(compression) && (depth !== 1 || interleaved !== 1)) {
    throw malformed(`it has fax compression and ${bits}.`);
  }
  if (compression === jpeg) {
    if (depth !== 8 || format !== "unsigned") {
      throw unsupported("JPEG of 8 bits", bits);
    }
    const [least, most] = photometric === PHOTOMETRIC.ycbcr ? [3, 3] : [1, 3];
    if (interleaved < least || interleaved > most || interleaved === 2) {
      throw unsupported(
        "JPEG of grey, RGB or YCbCr",
        `${interleaved} samples per pixel`,
      );
    }
  }
  const isWide = [8, 16, 32, 64].includes(depth);
  if (
    predictor !== 1 && !(predictor === 2 && isWide) &&
    !(predictor === 3 && format === "float")
  ) {
    throw unsupported(
      "no predictor, 2 with whole bytes, or 3 with floats",
      `${predictor} with ${bits}`,
    );
  }
  const { across, down } = chroma;
  if (across * down === 1) return;
  if (![1, 2, 4].includes(across) || ![1, 2, 4].includes(down)) {
    throw malformed(`its chroma is reduced by ${across}×${down}.`);
  }
  if (interleaved !== 3 || predictor !== 1) {
    throw unsupported("reduced chroma only between its luma", "another order");
  }
}

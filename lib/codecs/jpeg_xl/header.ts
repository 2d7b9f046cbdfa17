import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";
import { HeaderBits } from "./bits.ts";

/** What a JPEG XL codestream (ISO 18181-1 §D) states of its picture; width and height are those of the upright one. */
export interface JpegXlHeader extends Size {
  components: 1 | 3;
  /** Bits of a sample, 1 to 16. */
  precision: number;
  /** Channels beside the colours; alpha is one. */
  extra: number;
  hasAlpha: boolean;
  /** Whether values may differ from those that were coded; true wherever the header does not say otherwise. */
  lossy: boolean;
}

/** Extra channels that a picture may have; alpha is one. Each costs as much memory as a colour. */
const MAX_EXTRA = 4;

const RATIOS = [[1, 1], [12, 10], [4, 3], [3, 2], [16, 9], [5, 4], [2, 1]];

export const jpegXlErrors = readErrors("JPEG XL");
const { malformed, unsupported } = jpegXlErrors;

/**
 * Reads the header of a bare codestream; decodes nothing.
 *
 * A picture is lossless where its colours are not XYB and its first frame is modular, as every lossless encoder writes
 * it; recompressed JPEG is lossy. Where a colour profile stands before the frame it is not read, and the picture counts
 * as lossy.
 *
 * @throws {EdgeError} `unsupported-type` for animations, floats and CMYK.
 */
export function readJpegXlHeader(codestream: Uint8Array): JpegXlHeader {
  const bits = new HeaderBits(codestream, jpegXlErrors);
  if (bits.number(16) !== 0x0aff) throw malformed("its start is damaged.");
  const size = readSize(bits);
  if (bits.flag()) { // All by default: 8 bits, XYB.
    return {
      ...size,
      components: 3,
      precision: 8,
      extra: 0,
      hasAlpha: false,
      lossy: true,
    };
  }
  const extraFields = bits.flag();
  let isTurned = false;
  let hasPreview = false;
  if (extraFields) {
    isTurned = bits.number(3) >= 4;
    if (bits.flag()) readSize(bits);
    hasPreview = bits.flag();
    if (hasPreview) skipPreview(bits);
    if (bits.flag()) throw unsupported("a still picture", "an animation");
  }
  const precision = readDepth(bits);
  bits.flag(); // Whether 16-bit buffers suffice.
  const { extra, hasAlpha } = readExtraChannels(bits);
  const isXyb = bits.flag();
  const { components, hasProfile } = readColours(bits);
  const lossy = isXyb || hasPreview || hasProfile ||
    !isModular(bits, extraFields);
  const { width, height } = size;
  return {
    width: isTurned ? height : width,
    height: isTurned ? width : height,
    components,
    precision,
    extra,
    hasAlpha,
    lossy,
  };
}

/** §D.2. */
function readSize(bits: HeaderBits): Size {
  const isSmall = bits.flag();
  const side = () =>
    isSmall
      ? 8 * (bits.number(5) + 1)
      : bits.pick([9, 1], [13, 1], [18, 1], [30, 1]);
  const height = side();
  const ratio = bits.number(3);
  if (ratio === 0) return { width: side(), height };
  const [w, h] = RATIOS[ratio - 1];
  return { width: Math.floor(height * w / h), height };
}

function skipPreview(bits: HeaderBits): void {
  const isSmall = bits.flag();
  const side = () =>
    isSmall
      ? bits.pick([0, 16], [0, 32], [5, 1], [9, 33])
      : bits.pick([6, 1], [8, 65], [10, 321], [12, 1345]);
  side();
  if (bits.number(3) === 0) side();
}

/** Bits of a sample, §D.3.5. */
function readDepth(bits: HeaderBits): number {
  if (bits.flag()) throw unsupported("whole numbers", "floats");
  const precision = bits.pick([0, 8], [0, 10], [0, 12], [6, 1]);
  if (precision > 16) throw unsupported("up to 16 bits", `${precision}`);
  return precision;
}

/** §D.3.6. */
function readExtraChannels(
  bits: HeaderBits,
): Pick<JpegXlHeader, "extra" | "hasAlpha"> {
  const extra = bits.pick([0, 0], [0, 1], [4, 2], [12, 1]);
  if (extra > MAX_EXTRA) {
    throw unsupported(
      `up to ${MAX_EXTRA} channels beside the colours`,
      `${extra}`,
    );
  }
  let hasAlpha = false;
  for (let i = 0; i < extra; i++) {
    if (bits.flag()) {
      hasAlpha = true;
      continue;
    }
    const type = bits.choice();
    readDepth(bits);
    bits.pick([0, 0], [0, 3], [0, 4], [3, 1]); // How much smaller it is.
    bits.skip(8 * bits.pick([0, 0], [4, 0], [5, 16], [10, 48])); // Its name.
    if (type === 0) {
      hasAlpha = true;
      bits.flag(); // Whether colours are multiplied by it.
    } else if (type === 2) bits.skip(64);
    else if (type === 4) throw unsupported("grey or RGB", "CMYK");
    else if (type === 5) bits.pick([0, 1], [2, 0], [4, 3], [8, 19]);
  }
  return { extra, hasAlpha };
}

/** §D.3.4 and §E. */
function readColours(
  bits: HeaderBits,
): { components: 1 | 3; hasProfile: boolean } {
  if (bits.flag()) return { components: 3, hasProfile: false };
  const hasProfile = bits.flag();
  const space = bits.choice();
  const components = space === 1 ? 1 : 3;
  if (hasProfile) return { components, hasProfile };
  const skipPoint = () => {
    for (let i = 0; i < 2; i++) {
      bits.pick([19, 0], [19, 524_288], [20, 1_048_576], [21, 2_097_152]);
    }
  };
  const custom = 2;
  if (space !== 2) {
    if (bits.choice() === custom) skipPoint();
    if (space !== 1 && bits.choice() === custom) {
      for (let i = 0; i < 3; i++) skipPoint();
    }
    if (bits.flag()) bits.skip(24); // A gamma.
    else bits.choice();
  }
  bits.choice(); // The rendering intent.
  return { components, hasProfile };
}

/** Whether the first frame is modular, §F.2; what stands between may be left at its defaults alone. */
function isModular(bits: HeaderBits, extraFields: boolean): boolean {
  if (extraFields && !bits.flag()) bits.skip(16 + 16 + 1 + 16); // Tone mapping.
  const hasExtensions = bits.number(2) !== 0;
  if (hasExtensions || !bits.flag()) return false;
  bits.align();
  if (bits.flag()) return false; // All by default: not modular.
  bits.number(2); // The frame's type.
  return bits.flag();
}

import type { Bytes } from "../../core/bytes.ts";
import type { VolumeHeader } from "../volume/header.ts";
import { type NiftiLayout, writeFields } from "./fields.ts";
import type { NiftiHeader } from "./header.ts";
import { NIFTI_1 } from "./nifti_1.ts";
import { NIFTI_2 } from "./nifti_2.ts";

/** NIFTI_INTENT_LABEL and DT_UINT8. */
const LABEL = 1002;
const UINT8 = 2;
/** NIFTI_UNITS_MM and NIFTI_XFORM_SCANNER_ANAT. */
const MILLIMETRES = 2;
const SCANNER = 1;
/** Longest axis of NIfTI-1, whose lengths are 16-bit integers. */
const MAX_SHORT = 32_767;

/**
 * The start of a NIfTI file of labels, 0 and 1 in uint8, on the grid of another volume, with the four bytes that say
 * that there are no extensions. A NIfTI volume's own header is kept, in its version and byte order but without free
 * text; for a volume of another format, a header with its place is made.
 */
export function labelHeader(source: VolumeHeader): Bytes {
  const { bytes, layout, littleEndian, dimensions } = isNifti(source)
    ? keptHeader(source)
    : madeHeader(source);
  const { width, height, slices, volumes } = source;
  const out = new Uint8Array(layout.length + 4);
  out.set(bytes);
  const view = new DataView(out.buffer);
  view.setInt32(0, layout.length, littleEndian);
  for (const [start, end] of layout.texts) out.fill(0, start, end);
  const text = new TextEncoder();
  out.set(text.encode("P2SAM Edge"), layout.descriptionAt);
  out.set(text.encode(layout.magic), layout.magicAt);
  view.setInt16(layout.bitsAt, 8, littleEndian);
  const needed = volumes > 1 ? 4 : slices > 1 ? 3 : 2;
  writeFields(out, layout, littleEndian, {
    dim: [
      Math.max(dimensions, needed),
      width,
      height,
      slices,
      volumes,
      1,
      1,
      1,
    ],
    intent: LABEL,
    datatype: UINT8,
    offset: out.length,
    slope: 1,
    intercept: 0,
    high: 1,
    low: 0,
  });
  return out;
}

function isNifti(source: VolumeHeader): source is NiftiHeader {
  return source.format === "NIfTI";
}

function keptHeader({ raw, littleEndian }: NiftiHeader) {
  const [stated] = raw.fields.dim as [number];
  const dimensions = stated >= 1 && stated <= 7 ? Math.min(stated, 4) : 0;
  return { ...raw, littleEndian, dimensions };
}

function madeHeader(source: VolumeHeader) {
  const { width, height, slices, volumes, affine } = source;
  const isLong = Math.max(width, height, slices, volumes) > MAX_SHORT;
  const layout: NiftiLayout = isLong ? NIFTI_2 : NIFTI_1;
  const bytes = new Uint8Array(layout.length);
  const sizes = [0, 1, 2].map((i) =>
    affine ? Math.hypot(affine[i]!, affine[i + 4]!, affine[i + 8]!) : 1
  );
  writeFields(bytes, layout, true, {
    spacing: [1, ...sizes, 1, 1, 1, 1],
    ...(affine && {
      units: MILLIMETRES,
      matrixCode: SCANNER,
      matrix: [...affine],
    }),
  });
  return { bytes, layout, littleEndian: true, dimensions: 3 };
}

import type { Mask } from "../../lib/core/mask.ts";
import { readSource } from "../../lib/dicom/segmentation/read_source.ts";
import { TISSUE } from "../../lib/dicom/segmentation/segment_description.ts";
import { writeDicomMasks } from "../../lib/format/mask/dicom_masks.ts";
import { mulberry32 } from "../../lib/numerics/random.ts";

/** A square mask of the pixels for which a function holds. */
export function paint(
  side: number,
  isInside: (x: number, y: number) => boolean,
): Mask {
  const data = new Uint8Array(side * side);
  for (let i = 0; i < data.length; i++) {
    if (isInside(i % side, Math.floor(i / side))) data[i] = 255;
  }
  return { width: side, height: side, data };
}

/** Masks with what is hard to write as contours: holes, islands in holes, single pixels, touching corners, borders. */
export function hardMasks(side: number): Record<string, Mask> {
  const middle = side / 2;
  const from = (x: number, y: number, cx = middle, cy = middle) =>
    Math.hypot(x - cx, y - cy);
  const random = mulberry32(7);
  return {
    "a disc": paint(side, (x, y) => from(x, y) < middle * 0.7),
    "a pixel": paint(side, (x, y) => x === 3 && y === 5),
    "a line": paint(side, (x, y) => y === 4 && x > 2 && x < 9),
    "all": paint(side, () => true),
    "an edge": paint(side, (x, y) => x < 3 || y > side - 4),
    "a ring with an island": paint(side, (x, y) => {
      const r = from(x, y);
      return r < middle * 0.8 && r > middle * 0.4 || r < middle * 0.2;
    }),
    "holes one below the other": paint(
      side,
      (x, y) =>
        from(x, y) < middle * 0.9 && from(x, y, middle, middle / 2) > 3 &&
        from(x, y, middle + 1, middle) > 2.5 &&
        from(x, y, middle, middle * 1.5) > 4 &&
        !(x === middle && y === Math.round(middle * 0.2)),
    ),
    "corners that touch": paint(side, (x, y) => (x + y) % 2 === 0),
    "noise": paint(side, () => random() < 0.7),
    "dense noise": paint(side, () => random() < 0.93),
  };
}

/** A structure set or segmentation of masks, one on each DICOM image. */
export function writeMasksOn(
  images: Uint8Array[],
  masks: Mask[],
  form: "seg" | "rtstruct",
  label = "liver",
  model: string | null = "ab".repeat(32),
): Uint8Array<ArrayBuffer> {
  const placed = images.map((bytes, i) => ({
    source: readSource(bytes),
    mask: masks[i]!,
  }));
  const segment = { label, category: TISSUE, property: TISSUE, model };
  return writeDicomMasks(placed, segment, form);
}

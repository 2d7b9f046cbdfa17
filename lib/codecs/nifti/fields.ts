import type { Bytes } from "../../core/bytes.ts";

/** The fields that are read of a header of any version, as they stand there. */
export interface NiftiFields {
  /** Number of dimensions, then the length of each. */
  dim: number[];
  intent: number;
  datatype: number;
  /** The factor whose sign turns the third axis, then the length of a voxel along each axis, `pixdim`. */
  spacing: number[];
  /** Where the voxels start, `vox_offset`. */
  offset: number;
  slope: number;
  intercept: number;
  /** Values to be shown white and black, `cal_max` and `cal_min`. */
  high: number;
  low: number;
  /** `xyzt_units`. */
  units: number;
  /** Whether a quaternion, or a matrix, places the voxels: above 0, `qform_code` and `sform_code`. */
  quaternionCode: number;
  matrixCode: number;
  /** `quatern_b` to `quatern_d`, then `qoffset_x` to `qoffset_z`. */
  quaternion: number[];
  /** `srow_x` to `srow_z`, 3×4. */
  matrix: number[];
}

type NumberOf = "int8" | "int16" | "int32" | "int64" | "float32" | "float64";

/** Where a field stands in a header: its first byte, the type of its numbers, and how many there are. */
type Place = readonly [at: number, type: NumberOf, count?: number];

/** How a version of the format lays out its header. */
export interface NiftiLayout {
  /** Bytes of the header, as it states itself. */
  length: number;
  /** What the header says that it is, and where; a header whose voxels have their own file says `pairMagic`. */
  magic: string;
  pairMagic: string;
  magicAt: number;
  fields: Record<keyof NiftiFields, Place>;
  /** Where free text, intent parameters and old fields stand: start and end. */
  texts: readonly (readonly [start: number, end: number])[];
  descriptionAt: number;
  bitsAt: number;
}

const READ = {
  int8: (view: DataView, at: number) => view.getInt8(at),
  int16: (view, at, little) => view.getInt16(at, little),
  int32: (view, at, little) => view.getInt32(at, little),
  int64: (view, at, little) => Number(view.getBigInt64(at, little)),
  float32: (view, at, little) => view.getFloat32(at, little),
  float64: (view, at, little) => view.getFloat64(at, little),
} satisfies Record<
  NumberOf,
  (view: DataView, at: number, little: boolean) => number
>;

const WRITE = {
  int8: (view: DataView, at: number, value: number) => view.setInt8(at, value),
  int16: (view, at, value, little) => view.setInt16(at, value, little),
  int32: (view, at, value, little) => view.setInt32(at, value, little),
  int64: (view, at, value, little) =>
    view.setBigInt64(at, BigInt(value), little),
  float32: (view, at, value, little) => view.setFloat32(at, value, little),
  float64: (view, at, value, little) => view.setFloat64(at, value, little),
} satisfies Record<
  NumberOf,
  (view: DataView, at: number, value: number, little: boolean) => void
>;

const widthOf = (type: NumberOf) => Number(type.replace(/\D+/, "")) / 8;

/** Reads the fields of a header. */
export function readFields(
  header: Bytes,
  layout: NiftiLayout,
  littleEndian: boolean,
): NiftiFields {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const entries = Object.entries(layout.fields).map(
    ([name, [at, type, count]]) => {
      const value = (i: number) =>
        READ[type](view, at + i * widthOf(type), littleEndian);
      return [
        name,
        count === undefined
          ? value(0)
          : Array.from({ length: count }, (_, i) => value(i)),
      ];
    },
  );
  return Object.fromEntries(entries);
}

/** Writes fields into a header. */
export function writeFields(
  header: Bytes,
  layout: NiftiLayout,
  littleEndian: boolean,
  fields: Partial<NiftiFields>,
): void {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  for (const [name, value] of Object.entries(fields)) {
    const [at, type] = layout.fields[name as keyof NiftiFields];
    [value].flat().forEach((number, i) =>
      WRITE[type](view, at + i * widthOf(type), number, littleEndian)
    );
  }
}

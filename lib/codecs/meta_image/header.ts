import { readErrors } from "../../core/read_errors.ts";
import { isGzip } from "../gzip.ts";
import {
  type Affine,
  affineOf,
  affineOfSizes,
  turnAxes,
} from "../volume/affine.ts";
import {
  checkExtent,
  type Encoding,
  type VolumeHeader,
} from "../volume/header.ts";
import {
  bytesOf,
  IS_LITTLE_ENDIAN,
  type NumberType,
} from "../volume/numbers.ts";
import { integers, numbers } from "../volume/text_header.ts";
import { isDetached, readMetaFields } from "./fields.ts";

/** By the name after `MET_`; a long has 4 bytes on every machine. */
const TYPES: Record<string, NumberType> = {
  CHAR: "int8",
  UCHAR: "uint8",
  SHORT: "int16",
  USHORT: "uint16",
  INT: "int32",
  UINT: "uint32",
  LONG: "int32",
  ULONG: "uint32",
  LONG_LONG: "int64",
  ULONG_LONG: "uint64",
  FLOAT: "float32",
  DOUBLE: "float64",
};

const { malformed, unsupported } = readErrors("MetaImage");

/**
 * Reads the header of a MetaImage in one file (`.mha`), without unpacking its voxels.
 *
 * @throws {EdgeError}
 */
export function readMetaHeader(bytes: Uint8Array): VolumeHeader {
  const { fields, end } = readMetaFields(bytes);
  if (isDetached(fields)) {
    throw unsupported(
      "a volume in one file",
      "a MetaImage header without its voxels; send the data file too, or save both as one .mha",
    );
  }
  const type = typeOf(fields.get("ElementType"));
  const sizes = integers(fields.get("DimSize") ?? "");
  const dimension = Number(fields.get("NDims"));
  if (!(dimension >= 2 && dimension <= 4)) {
    throw unsupported("2 to 4 dimensions", "another number of them");
  }
  if (sizes.length !== dimension || !sizes.every((size) => size >= 1)) {
    throw malformed("its sizes are not as many whole numbers above 0.");
  }
  const [channels = NaN] = integers(
    fields.get("ElementNumberOfChannels") ?? "1",
  );
  const isColour = (channels === 3 || channels === 4) &&
    (type === "uint8" || type === "uint16");
  if (channels !== 1 && !isColour) {
    throw unsupported("numbers, or colours of 8 or 16 bits", "vectors");
  }
  const [width = 1, height = 1, slices = 1, volumes = 1] = sizes;
  const pixels = width * height * channels;
  const size = pixels * slices * volumes * bytesOf(type);
  const voxels = storageOf(bytes, end, fields, size);
  const header: VolumeHeader = {
    format: "MetaImage",
    width,
    height,
    slices,
    volumes,
    channels: isColour ? 3 : 1,
    type,
    littleEndian: voxels.encoding === "text" ? IS_LITTLE_ENDIAN : !isTrue(
      fields.get("BinaryDataByteOrderMSB") ??
        fields.get("ElementByteOrderMSB"),
      false,
    ),
    slope: 1,
    intercept: 0,
    window: null,
    ...placeOf(fields, dimension),
    voxels: {
      ...voxels,
      interleaved: channels,
      strides: { slice: pixels, volume: pixels * slices, channel: 1 },
    },
  };
  const extent = { width, height, slices, volumes, numbers: channels };
  checkExtent(extent, header, bytes.length);
  return header;
}

function typeOf(text = ""): NumberType {
  const [, name = ""] = /^MET_(\w+?)(?:_ARRAY)?$/.exec(text) ?? [];
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (type !== undefined) return type;
  throw unsupported("integers or floats of up to 64 bits", "another type");
}

/** Whether a field says yes, as MetaIO reads it. */
function isTrue(text: string | undefined, otherwise: boolean): boolean {
  return text === undefined ? otherwise : /^[tT1]/.test(text);
}

/** How the voxels are packed and where they start; `HeaderSize` counts from the start of the file. */
function storageOf(
  bytes: Uint8Array,
  end: number,
  fields: Map<string, string>,
  size: number,
): { encoding: Encoding; start: number; skip: number } {
  const [stated = NaN] = integers(fields.get("HeaderSize") ?? "0");
  if (!(stated >= -1)) throw malformed("its HeaderSize is below -1.");
  if (!isTrue(fields.get("BinaryData"), true)) {
    return { encoding: "text", start: end, skip: 0 };
  }
  if (isTrue(fields.get("CompressedData"), false)) {
    const start = Math.max(end, stated);
    const encoding = isGzip(bytes.subarray(start)) ? "gzip" : "zlib";
    return { encoding, start, skip: 0 };
  }
  const start = stated === -1 ? bytes.length - size : stated;
  return { encoding: "raw", start: Math.max(end, start), skip: 0 };
}

/** Where the voxels lie: MetaIO's axes point left, back and up; a row of its matrix is the step along one axis. */
function placeOf(
  fields: Map<string, string>,
  dimension: number,
): { affine: Affine | null; steps: Affine | null } {
  const read = (...names: string[]) => {
    const name = names.find((name) => fields.has(name));
    return name === undefined ? undefined : numbers(fields.get(name)!);
  };
  const matrix = read("TransformMatrix", "Rotation", "Orientation");
  const origin = read("Offset", "Position", "Origin");
  const stated = read("ElementSpacing", "ElementSize");
  const steps = stated === undefined
    ? null
    : affineOfSizes(dimension < 3 ? [...stated, 1] : stated);
  if (dimension < 3 || (matrix === undefined && origin === undefined)) {
    return { affine: null, steps };
  }
  const sizes = stated ?? [1, 1, 1];
  const identity = (i: number, row: number) => i === row ? 1 : 0;
  const axes = [0, 1, 2].map((i) =>
    [0, 1, 2].map((row) =>
      (matrix?.[i * dimension + row] ?? identity(i, row)) * sizes[i]!
    )
  );
  const affine = affineOf(axes, origin ?? [0, 0, 0]);
  return { affine: affine && turnAxes(affine, [-1, -1, 1]), steps };
}

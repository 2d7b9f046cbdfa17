import { readErrors } from "../../core/read_errors.ts";
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
import { integers } from "../volume/text_header.ts";
import { type AxisRoles, rolesOf } from "./axes.ts";
import { isDetached, readNrrdFields } from "./fields.ts";
import { affineOfNrrd, directionsOf, stepsOfNrrd } from "./place.ts";

/** The names of C that the format knows; `signed` and a last `int` are left out. */
const TYPES: Record<string, NumberType> = {
  "char": "int8",
  "int8": "int8",
  "int8_t": "int8",
  "uchar": "uint8",
  "unsigned char": "uint8",
  "uint8": "uint8",
  "uint8_t": "uint8",
  "short": "int16",
  "int16": "int16",
  "int16_t": "int16",
  "ushort": "uint16",
  "unsigned short": "uint16",
  "uint16": "uint16",
  "uint16_t": "uint16",
  "int": "int32",
  "int32": "int32",
  "int32_t": "int32",
  "uint": "uint32",
  "unsigned int": "uint32",
  "uint32": "uint32",
  "uint32_t": "uint32",
  "longlong": "int64",
  "long long": "int64",
  "int64": "int64",
  "int64_t": "int64",
  "ulonglong": "uint64",
  "unsigned long long": "uint64",
  "uint64": "uint64",
  "uint64_t": "uint64",
  "float": "float32",
  "double": "float64",
};

const ENCODINGS: Record<string, Encoding> = {
  raw: "raw",
  gz: "gzip",
  gzip: "gzip",
  txt: "text",
  text: "text",
  ascii: "text",
  hex: "hex",
};

const { malformed, truncated, unsupported } = readErrors("NRRD");

/**
 * Reads the header of an NRRD file in one part, without unpacking its voxels.
 *
 * @throws {EdgeError}
 */
export function readNrrdHeader(bytes: Uint8Array): VolumeHeader {
  const { fields, end } = readNrrdFields(bytes);
  if (isDetached(fields)) {
    throw unsupported(
      "a volume in one file",
      "an NRRD header without its voxels; send the data file too, or save both as one .nrrd",
    );
  }
  const type = typeOf(fields.get("type"));
  const encoding = encodingOf(fields.get("encoding"));
  const sizes = integers(fields.get("sizes") ?? "");
  const dimension = Number(fields.get("dimension"));
  if (!(dimension >= 2 && dimension <= 16) || sizes.length !== dimension) {
    throw malformed("its dimension and its sizes do not agree.");
  }
  if (!sizes.every((size) => size >= 1)) {
    throw malformed("its sizes are not whole numbers above 0.");
  }
  const directions = directionsOf(fields.get("spacedirections"));
  const kinds = fields.get("kinds")?.toLowerCase().split(/\s+/);
  const roles = rolesOf(
    sizes.map((size, i) => ({
      size,
      kind: kinds?.[i],
      hasDirection: directions === undefined || directions[i] != null,
    })),
    type,
  );
  const stride = (axis: number | undefined) =>
    sizes.slice(0, axis ?? 0).reduce((product, size) => product * size, 1);
  const lengthOf = (axis: number | undefined) =>
    axis === undefined ? 1 : sizes[axis]!;
  const axes = [roles.x, roles.y, roles.z];
  const extent = extentOf(roles, lengthOf);
  if (extent.numbers > 1 && type !== "uint8" && type !== "uint16") {
    throw unsupported("colours of 8 or 16 bits", "others");
  }
  const size = bytesOf(type) * stride(sizes.length);
  const header: VolumeHeader = {
    format: "NRRD",
    width: extent.width,
    height: extent.height,
    slices: extent.slices,
    volumes: extent.volumes,
    channels: extent.numbers > 1 ? 3 : 1,
    type,
    littleEndian: isLittleEndian(fields.get("endian"), type, encoding),
    slope: 1,
    intercept: 0,
    window: null,
    affine: affineOfNrrd(
      fields.get("space"),
      axes.map((axis) => axis === undefined ? null : directions?.[axis]),
      fields.get("spaceorigin"),
    ),
    steps: stepsOfNrrd(fields, directions, axes),
    voxels: {
      encoding,
      ...startOf(bytes, end, fields, encoding, size),
      interleaved: stride(roles.x),
      strides: {
        slice: stride(roles.z),
        volume: stride(roles.list),
        channel: stride(roles.colour),
      },
    },
  };
  checkExtent(extent, header, bytes.length);
  return header;
}

function extentOf(
  { x, y, z, list, colour }: AxisRoles,
  lengthOf: (axis: number | undefined) => number,
) {
  return {
    width: lengthOf(x),
    height: lengthOf(y),
    slices: lengthOf(z),
    volumes: lengthOf(list),
    numbers: lengthOf(colour),
  };
}

function typeOf(text: string | undefined): NumberType {
  const name = (text ?? "").toLowerCase().replace(/\s+/g, " ")
    .replace(/^signed /, "").replace(/(?<=short|long) int$/, "");
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (type !== undefined) return type;
  throw unsupported(
    "integers or floats of up to 64 bits",
    name === "block" ? "blocks of bytes" : "another type",
  );
}

function encodingOf(text: string | undefined): Encoding {
  const name = (text ?? "").toLowerCase();
  const encoding = Object.hasOwn(ENCODINGS, name) ? ENCODINGS[name] : undefined;
  if (encoding !== undefined) return encoding;
  throw unsupported(
    "the encodings raw, gzip, text or hex",
    /^bz(ip)?2$/.test(name) ? "bzip2" : "another one",
  );
}

/** @throws {EdgeError} `malformed` where the order of bytes matters and is not stated. */
function isLittleEndian(
  text: string | undefined,
  type: NumberType,
  encoding: Encoding,
): boolean {
  if (bytesOf(type) === 1) return true;
  if (encoding === "text") return IS_LITTLE_ENDIAN;
  const name = text?.toLowerCase();
  if (name === "little" || name === "big") return name === "little";
  throw malformed("its header does not state the order of bytes.");
}

/** The first byte of the voxels after the lines that are left out, and the bytes to leave out of them. */
function startOf(
  bytes: Uint8Array,
  end: number,
  fields: Map<string, string>,
  encoding: Encoding,
  size: number,
): { start: number; skip: number } {
  const [lines = 0] = integers(fields.get("lineskip") ?? "0");
  const [skip = 0] = integers(fields.get("byteskip") ?? "0");
  if (skip === -1 && encoding === "raw") {
    return { start: Math.max(end, bytes.length - size), skip: 0 };
  }
  if (!(lines >= 0 && skip >= 0)) {
    throw malformed("its line skip or byte skip is negative.");
  }
  let start = end;
  for (let i = 0; i < lines; i++) {
    const feed = bytes.indexOf(10, start);
    if (feed < 0) throw truncated("before its first voxel");
    start = feed + 1;
  }
  return { start, skip };
}

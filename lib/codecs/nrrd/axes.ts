import { readErrors } from "../../core/read_errors.ts";
import type { NumberType } from "../volume/numbers.ts";

/** An axis of the array as the header describes it. */
interface Axis {
  size: number;
  /** In lower case, or undefined where it is not stated. */
  kind: string | undefined;
  /** False where the header gives directions in space, but none of this axis. */
  hasDirection: boolean;
}

/** Which axes are the columns, rows and slices of the picture; undefined where there is none. */
export interface AxisRoles {
  x: number;
  y: number;
  z: number | undefined;
  list: number | undefined;
  colour: number | undefined;
}

const SPACE = ["domain", "space"];
const LISTS = ["list", "time", "point"];
const COLOURS = ["rgb-color", "rgba-color", "3-color", "4-color"];
/** Kinds that mean a colour where their numbers are bytes. */
const VECTORS = ["vector", "3-vector", "4-vector"];
const NOTHING = ["stub", "scalar", "none", "???", ""];

const { unsupported } = readErrors("NRRD");

/**
 * What each axis is, fastest first. Without kinds, axes are space, but for three or four bytes that lie side by side,
 * which are a colour, and for axes without a direction among others that have one.
 *
 * @throws {EdgeError} `unsupported-type` for axes that make no stack of pictures.
 */
export function rolesOf(axes: Axis[], type: NumberType): AxisRoles {
  const space: number[] = [];
  const lists: number[] = [];
  const colours: number[] = [];
  axes.forEach((axis, i) => {
    const role = roleOf(axis, i, axes.length, type);
    ({ space, list: lists, colour: colours })[role].push(i);
  });
  // A fourth axis of space is time, or whatever else the pictures are listed by.
  if (space.length === 4 && lists.length === 0) lists.push(space.pop()!);
  const long = (i: number) => axes[i]!.size > 1;
  const listed = lists.filter(long);
  const [x, y, z, ...more] = space;
  if (x === undefined || y === undefined) {
    throw unsupported("at least two dimensions in space", "fewer");
  }
  if (more.length > 0 || listed.length > 1 || colours.length > 1) {
    throw unsupported("at most 3 dimensions in space and one more", "more");
  }
  if (axes.slice(x + 1, y).some(({ size }) => size > 1)) {
    throw unsupported("rows of voxels", "another order of the axes");
  }
  return { x, y, z, list: listed[0], colour: colours[0] };
}

function roleOf(
  { size, kind, hasDirection }: Axis,
  at: number,
  dimension: number,
  type: NumberType,
): "space" | "list" | "colour" {
  const isByteColour = (size === 3 || size === 4) && type === "uint8";
  if (kind === undefined || NOTHING.includes(kind)) {
    if (size === 1 && !hasDirection) return "list";
    const isFirst = at === 0 && dimension > 2;
    if (isByteColour && (isFirst || !hasDirection)) return "colour";
    return hasDirection ? "space" : "list";
  }
  if (SPACE.includes(kind)) return "space";
  if (LISTS.includes(kind) || size === 1) return "list";
  if (COLOURS.includes(kind) && (size === 3 || size === 4)) return "colour";
  if (VECTORS.includes(kind) && isByteColour) return "colour";
  throw unsupported("numbers or colours", nameOf(kind));
}

/** A kind in words; what the format does not know is not repeated. */
function nameOf(kind: string): string {
  if (/matrix/.test(kind)) return "matrices";
  if (/complex/.test(kind)) return "complex numbers";
  if (/color/.test(kind)) return "colours of another space";
  return "vectors";
}

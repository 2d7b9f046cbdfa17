import type { Context } from "hono";
import { type Accept, parseAccept } from "hono/utils/accept";
import { EdgeError } from "../../lib/core/errors.ts";
import type { PlacedForm } from "../../lib/format/mask/placed_masks.ts";
import { binary } from "./answers.ts";

/** A structure set of radiotherapy; a DICOM answer of no type is a segmentation. */
export const RTSTRUCT = "application/dicom; type=rtstruct";

/** The answers that lie where their images lie, and the forms of their masks. */
export const PLACED_FORMS = {
  "application/dicom": "seg",
  [RTSTRUCT]: "rtstruct",
  "application/x-nifti": "nifti",
} as const satisfies Record<string, PlacedForm>;
export type PlacedType = keyof typeof PLACED_FORMS;

export function isPlaced(type: string): type is PlacedType {
  return Object.hasOwn(PLACED_FORMS, type);
}

/** The parameter that tells answers of one media type apart. */
const PARAMETERS = new Map([
  ["application/dicom", "type"],
  ["application/json", "profile"],
]);
/** What a type is called besides. */
const OTHER_NAMES = new Map([[
  "application/dicom; type=seg",
  "application/dicom",
]]);

/** What is meant by a range of types other than all: `image/*`. */
type Ranges<T> = Partial<Record<string, T>>;

/**
 * The answer that the Accept header prefers (RFC 9110 §12.5.1); the first where it leaves the choice.
 *
 * @param types media types, with the one parameter that tells two of them apart.
 * @param what is answered, for the message.
 * @throws EdgeError `not-acceptable` where it names none of them.
 */
export function acceptedType<T extends string>(
  c: Context,
  types: readonly T[],
  ranges: Ranges<T>,
  what: string,
): T {
  const type = preferredType(c, types, ranges);
  if (type !== undefined) return type;
  throw new EdgeError(
    "not-acceptable",
    `${what} is answered as ${types.join(" or ")}.`,
  );
}

/** The same; undefined where the header names none of the types. */
export function preferredType<T extends string>(
  c: Context,
  types: readonly T[],
  ranges: Ranges<T> = {},
): T | undefined {
  const ofRange = new Map(Object.entries({ ...ranges, "*/*": types[0] }));
  const find = (name: string) =>
    types.find((known) => known === name) ?? ofRange.get(name);
  const header = c.req.header("accept");
  if (!header) return types[0];
  const names = parseAccept(header).filter(({ q }) => q > 0)
    .toSorted(byPreference).map(nameOf);
  return names.map(find).find((type) => type !== undefined);
}

/** By quality, and then exact types before ranges, and these before all. */
function byPreference(a: Accept, b: Accept): number {
  const stars = ({ type }: Accept) => type.split("*").length;
  return b.q - a.q || stars(a) - stars(b);
}

/** A media type with its parameter, if that tells types apart. */
function nameOf({ type, params }: Accept): string {
  const plain = type.toLowerCase();
  const name = PARAMETERS.get(plain);
  const value = name && params[name];
  if (!value) return plain;
  const whole = `${plain}; ${name}=${value.toLowerCase()}`;
  return OTHER_NAMES.get(whole) ?? whole;
}

/** An answer that is one such file. */
export const placedFile = {
  description: "The file",
  content: {
    "application/dicom": binary,
    [RTSTRUCT]: binary,
    "application/x-nifti": binary,
  },
};

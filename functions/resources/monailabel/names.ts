import { hasControlCharacter } from "../../../lib/core/control_characters.ts";
import { EdgeError, invalidInput } from "../../../lib/core/errors.ts";
import { MARK, namePart } from "../../patients/reference_names.ts";
import type { Reference } from "../../../lib/store/profiles/reference.ts";

/** What the names of all references of an image begin with. */
export async function prefixOf(image: string): Promise<string> {
  return (await namePart(image, 64)) + MARK;
}

/** The name of the reference that a label makes on a slice of an image: `ct-1~41~liver`. */
export async function referenceName(
  image: string,
  slice: number,
  label: string,
): Promise<string> {
  return `${await prefixOf(image)}${slice}${MARK}${await namePart(label, 48)}`;
}

/** The references that the labels of an image made. */
export async function referencesOf(
  references: Reference[],
  image: string,
): Promise<Reference[]> {
  const prefix = await prefixOf(image);
  return references.filter(({ reference }) => reference.startsWith(prefix));
}

/** The program's own name of an image. @throws EdgeError `invalid-input`. */
export function requireImageId(id: string | undefined): string {
  if (id && id.length <= 256 && !hasControlCharacter(id)) return id;
  throw invalidInput(
    "Name the image: `image` is 1 to 256 characters, none a control character.",
  );
}

/** The extension of a file's name, with its dot; of volumes both: `.nii.gz`. */
export function extensionOf(name: string | null): string {
  return /(\.(nii|seg|tar))?\.[a-z0-9]{1,8}$/i.exec(name ?? "")?.[0]
    .toLowerCase() ?? "";
}

/** The error of an image that is not held. */
export function notHeld(id: string): EdgeError {
  return new EdgeError(
    "not-found",
    `There is no image "${id}" here; it may have expired: upload it again.`,
  );
}

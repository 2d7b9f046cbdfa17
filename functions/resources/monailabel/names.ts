import { hasControlCharacter } from "../../../lib/core/control_characters.ts";
import { EdgeError, invalidInput } from "../../../lib/core/errors.ts";
import { MARK, namePart } from "../../patients/reference_names.ts";
import type { HeldImage } from "../../../lib/store/images/image_store.ts";
import type { Reference } from "../../../lib/store/profiles/reference.ts";

/** An image that labels belong to: programs give another visit's file the same name. */
export type NamedImage = Pick<HeldImage, "id" | "digest">;

/** What the names of all references of an image begin with. */
async function prefixOf({ id, digest }: NamedImage): Promise<string> {
  return (await namePart(id, 64, digest)) + MARK;
}

/** The name of the reference that a label makes on a slice of an image: `ct-1-3f9c01ab~41~liver`. */
export async function referenceName(
  image: NamedImage,
  slice: number,
  label: string,
): Promise<string> {
  return `${await prefixOf(image)}${slice}${MARK}${await namePart(label, 48)}`;
}

/** The references that the labels of an image made. */
export async function referencesOf(
  references: Reference[],
  image: NamedImage,
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

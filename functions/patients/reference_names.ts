import { textDigest } from "../../lib/core/digest.ts";

/** Stands between the parts of the names of references that programs make, and in none of them. */
export const MARK = "~";

/**
 * Another program's name as a part of a reference's name: its letters, digits and `._-`. A name that this changes, or
 * that is too long, ends with a digest, so that two names never share one.
 *
 * @param most characters of the part, more than 9.
 * @param content a digest of what is named, where things of one name are to be told apart; the part then always ends
 * with a digest.
 */
export async function namePart(
  name: string,
  most: number,
  content = "",
): Promise<string> {
  const plain = name.replace(/[^A-Za-z0-9._-]+/g, "_");
  if (plain === name && name.length <= most && content === "") return name;
  const digest = await textDigest(name + content);
  return `${plain.slice(0, most - 9)}-${digest.slice(0, 8)}`;
}

import { invalidInput } from "../core/errors.ts";

/** Names of models and of the files of their packages: letters, digits and `. _ -`, the first a letter, digit or _. */
export const NAME = /^\w[\w.-]{0,127}$/;

/**
 * The folder of a model package. A name of the form of an id is looked up in `roots`, in order; any other is the path
 * of a folder.
 *
 * @param roots URLs of folders that hold packages by id, ending in a slash.
 * @throws EdgeError `invalid-input` for an id that no root holds.
 */
export async function locatePackage(name: string, roots: URL[]): Promise<URL> {
  if (!NAME.test(name)) return folderUrl(name);
  for (const root of roots) {
    const folder = new URL(`${name}/`, root);
    if (await isFolder(folder)) return folder;
  }
  const places = roots.map(({ pathname }) => decodeURIComponent(pathname));
  throw invalidInput(
    `There is no model package "${name}" in ${places.join(" or ")}.`,
  );
}

/** The URL of a folder, ending in a slash; a relative path starts at the working directory. */
export function folderUrl(path: string): URL {
  const encoded = `${path}/`.split("/").map(encodeURIComponent).join("/");
  return new URL(encoded.replace(/\/+$/, "/"), `file://${Deno.cwd()}/`);
}

export async function isFolder(folder: URL): Promise<boolean> {
  const found = await Deno.stat(folder).catch(() => null);
  return found?.isDirectory ?? false;
}

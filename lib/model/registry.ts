import { fileDigest } from "../core/digest.ts";
import { EdgeError, invalidInput } from "../core/errors.ts";
import { download, isFetchable, unpack } from "./archive.ts";
import { folderUrl, isFolder, NAME } from "./locate.ts";
import {
  loadPackage,
  type Manifest,
  PackageError,
  readManifest,
} from "./package.ts";

/** Files that are copied with a package when it has them. */
const COMPANIONS = ["README.md", "LICENSE"];

/** A folder with a manifest. */
export interface Listed {
  id: string;
  folder: URL;
  /** Null when it cannot be read. */
  manifest: Manifest | null;
  /** Why it cannot be served, or null. */
  problem: string | null;
}

/** Model packages by id, in folders of one root. */
export class Registry {
  readonly #path: string;

  /**
   * @param root URL of the folder, ending in a slash; it need not exist.
   * @param embedded the root of the packages that come with the product, which are listed first and never changed.
   */
  constructor(readonly root: URL, readonly embedded: URL) {
    this.#path = decodeURIComponent(root.pathname);
  }

  /** All packages, the embedded ones first, in order of id; their model files are not read. */
  async list(): Promise<Listed[]> {
    return [...await packagesIn(this.embedded), ...await packagesIn(this.root)];
  }

  /** Reads and checks every file of a package. @returns why it cannot be served, or null. */
  async verify({ id, folder, problem }: Listed): Promise<string | null> {
    if (problem !== null) return problem;
    return await problemOf(id, () => loadPackage(folder));
  }

  /**
   * Copies a package into the registry, completely or not at all.
   *
   * @param source a folder; a tar archive; or the address of one.
   * @param sha256 hex: of an archive, or the digest of the package in a folder, where it may be left out.
   * @throws EdgeError `invalid-input` with the reason, `conflict` when there is a package of this id.
   */
  async add(source: string, sha256?: string): Promise<Manifest> {
    const dir = this.#path;
    await Deno.mkdir(dir, { recursive: true });
    const staging = await Deno.makeTempDir({ dir, prefix: ".add-" });
    try {
      const unpacked = await this.#fetch(source, sha256, staging);
      const { id, digest, files } = await readManifest(folderUrl(unpacked));
      if (unpacked === source && sha256 !== undefined && sha256 !== digest) {
        throw invalidInput(`its digest is ${digest}, wanted ${sha256}`);
      }
      if (await holds(this.embedded, id) || await holds(this.root, id)) {
        throw new EdgeError("conflict", `the id "${id}" is taken`);
      }
      const kept = `${staging}/${id}`;
      await Deno.mkdir(kept);
      const paths = Object.values(files).flatMap((file) => file?.path ?? []);
      for (const name of ["model.json", ...paths]) {
        await Deno.copyFile(`${unpacked}/${name}`, `${kept}/${name}`)
          .catch((error) => {
            if (!(error instanceof Deno.errors.NotFound)) throw error;
            throw invalidInput(`${name} is missing`);
          });
      }
      for (const name of COMPANIONS) {
        await Deno.copyFile(`${unpacked}/${name}`, `${kept}/${name}`)
          .catch(() => {/* It has none. */});
      }
      const { manifest } = await loadPackage(folderUrl(kept));
      await Deno.rename(kept, `${dir}${manifest.id}`);
      return manifest;
    } catch (error) {
      throw refusal(`Cannot add ${shown(source)}`, error);
    } finally {
      await Deno.remove(staging, { recursive: true });
    }
  }

  /** @throws EdgeError `not-found`, or `invalid-input` for an embedded package. */
  async remove(id: string): Promise<void> {
    if (!await holds(this.root, id)) {
      if (!await holds(this.embedded, id)) throw noPackage(id);
      throw invalidInput(
        `"${id}" is part of the product and cannot be removed`,
      );
    }
    // One rename takes the package out of the registry, so that it is never partly there.
    const dir = this.#path;
    const gone = await Deno.makeTempDir({ dir, prefix: ".remove-" });
    await Deno.rename(`${dir}${id}`, `${gone}/${id}`);
    await Deno.remove(gone, { recursive: true });
  }

  /** @returns the folder that holds the source's files: the source itself, or one under `staging`. */
  async #fetch(
    source: string,
    sha256: string | undefined,
    staging: string,
  ): Promise<string> {
    const url = addressOf(source);
    if (url === null || url !== undefined && !isFetchable(url)) {
      throw invalidInput("wanted a folder, a file or an https address");
    }
    if (url === undefined) {
      const { isDirectory } = await Deno.stat(source).catch(() => {
        throw invalidInput("there is no such folder or file");
      });
      if (isDirectory) return source;
    }
    if (sha256 === undefined) {
      throw invalidInput(
        "an archive needs --sha256, with the digest that its source states",
      );
    }
    const archive = url === undefined ? source : `${staging}/archive`;
    if (url !== undefined) await download(url, archive);
    const found = await fileDigest(archive);
    if (found !== sha256) {
      throw invalidInput(`its sha256 is ${found}, wanted ${sha256}`);
    }
    const unpacked = `${staging}/unpacked`;
    await Deno.mkdir(unpacked);
    await unpack(archive, unpacked);
    return unpacked;
  }
}

/** The error of an id that no root holds. */
export function noPackage(id: string): EdgeError {
  return new EdgeError("not-found", `There is no model package "${id}".`);
}

async function holds(root: URL, id: string): Promise<boolean> {
  return NAME.test(id) && await isFolder(new URL(`${id}/`, root));
}

async function packagesIn(root: URL): Promise<Listed[]> {
  const found: Listed[] = [];
  if (!await isFolder(root)) return found;
  for await (const { name } of Deno.readDir(root)) {
    const folder = new URL(`${encodeURIComponent(name)}/`, root);
    if (!NAME.test(name) || !await holdsManifest(folder)) continue;
    let manifest: Manifest | null = null;
    const problem = await problemOf(name, async () => ({
      manifest: manifest = await readManifest(folder),
    }));
    found.push({ id: name, folder, manifest, problem });
  }
  return found.sort((a, b) => a.id < b.id ? -1 : 1);
}

async function holdsManifest(folder: URL): Promise<boolean> {
  const found = await Deno.stat(new URL("model.json", folder)).catch(() =>
    null
  );
  return found?.isFile ?? false;
}

async function problemOf(
  id: string,
  read: () => Promise<{ manifest: Manifest }>,
): Promise<string | null> {
  try {
    const { manifest } = await read();
    return manifest.id === id
      ? null
      : `its model.json names it "${manifest.id}"`;
  } catch (error) {
    if (error instanceof PackageError) return error.why;
    throw error;
  }
}

/** The address that a source is; null for a malformed address, undefined for a path. */
function addressOf(source: string): URL | null | undefined {
  return /^\w+:\/\//.test(source) ? URL.parse(source) : undefined;
}

/** A source as errors show it: of an address, the part that holds no secret. */
function shown(source: string): string {
  const url = addressOf(source);
  return url ? `${url.origin}${url.pathname}` : source;
}

function refusal(what: string, error: unknown): EdgeError {
  const code = error instanceof EdgeError ? error.code : "invalid-input";
  const why = error instanceof PackageError
    ? error.why
    : (error as Error).message.replace(/\.$/, "");
  return new EdgeError(code, `${what}: ${why}.`);
}

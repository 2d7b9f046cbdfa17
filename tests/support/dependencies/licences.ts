/** A package of the lock, and the licence that it states. */
export interface Licensed {
  /** `name@version` */
  name: string;
  /** SPDX expression; null where the package is not in the cache or states none. */
  licence: string | null;
}

/** Licences under which a product may be sold without opening its own code. */
const ALLOWED = new Set([
  ...["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause"],
  ...["CC0-1.0", "ISC", "MIT", "Python-2.0", "Unlicense", "Zlib"],
]);

/** Tools of the tests, whose licences bind only those who change them. */
const ALLOWED_TOOLS = new Map([["axe-core", "MPL-2.0"]]);

/**
 * Libraries of the product that stay whole: a file of its own that is loaded as it was published, which whoever runs
 * the product can exchange, as the LGPL wants.
 */
const ALLOWED_WHOLE = new Map([["libheif-js", "LGPL-3.0"]]);

/** Packages that state their licence in their README alone. */
const STATED_IN_README = new Map([["combine-errors@3.0.3", "MIT"]]);

/** Whether a package may be used. */
export function isAllowed({ name, licence }: Licensed): boolean {
  if (licence === null) return false;
  const bare = name.replace(/(.)@.*/, "$1");
  return ALLOWED_TOOLS.get(bare) === licence ||
    ALLOWED_WHOLE.get(bare) === licence || allows(licence);
}

/** Whether an SPDX expression of AND, OR and parentheses leaves an allowed choice. */
export function allows(expression: string): boolean {
  const tokens = expression.match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const one = (): boolean => {
    if (tokens[at] !== "(") return ALLOWED.has(tokens[at++]);
    at++;
    const inner = either();
    at++;
    return inner;
  };
  const both = () => {
    let all = one();
    while (tokens[at] === "AND") {
      at++;
      all = one() && all;
    }
    return all;
  };
  const either = (): boolean => {
    let any = both();
    while (tokens[at] === "OR") {
      at++;
      any = both() || any;
    }
    return any;
  };
  return either() && at === tokens.length;
}

/** Every package of the lock, with what its package.json in Deno's cache says. */
export async function licencesOf(
  lock: URL,
  cache: string,
): Promise<Licensed[]> {
  const { npm } = JSON.parse(await Deno.readTextFile(lock));
  const registries = [...Deno.readDirSync(cache)]
    .filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  return await Promise.all(
    Object.keys(npm).map(async (key) => {
      // An underscore precedes the peers that it was resolved with.
      const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(key)!;
      for (const registry of registries) {
        try {
          const path = `${cache}/${registry}/${name}/${version}/package.json`;
          const stated = JSON.parse(await Deno.readTextFile(path));
          const known = `${name}@${version}`;
          const licence = licenceOf(stated) ?? STATED_IN_README.get(known);
          return { name: known, licence: licence ?? null };
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        }
      }
      return { name: `${name}@${version}`, licence: null };
    }),
  );
}

interface Stated {
  license?: string | { type: string };
  licenses?: { type: string }[];
}

function licenceOf({ license, licenses }: Stated): string | null {
  if (typeof license === "string") return license;
  if (license !== undefined) return license.type;
  return licenses?.map(({ type }) => type).join(" OR ") ?? null;
}

/**
 * The files of npm packages that the page loads, served as they lie in the package. The page imports them by
 * `./libraries/…`; `functions/page/deno.json` names the same packages for the types.
 *
 * Values are a module that the package exports, and the file's path from there: what a package exports to a server may
 * be another build than that for browsers.
 */
export const LIBRARIES = new Map<string, readonly [string, string]>([
  ["fflate/esm/browser.js", ["fflate/browser", "./browser.js"]],
  ["idb/build/index.js", ["idb/build/index.js", "./index.js"]],
  ...[
    "lit-html",
    "directive",
    "directive-helpers",
    "directives/live",
    "directives/repeat",
  ].map((name) =>
    [`lit-html/${name}.js`, ["lit-html/", `../${name}.js`]] as const
  ),
  ["uplot/dist/uPlot.esm.js", ["uplot/dist/uPlot.esm.js", "./uPlot.esm.js"]],
  ["uplot/dist/uPlot.min.css", ["uplot/dist/uPlot.esm.js", "./uPlot.min.css"]],
]);

/** Where the file of a library lies, by its path below `/page/libraries`; undefined for any other path. */
export function libraryUrl(path: string): URL | undefined {
  const file = LIBRARIES.get(path);
  if (file === undefined) return undefined;
  const [specifier, relative] = file;
  return new URL(relative, import.meta.resolve(specifier));
}

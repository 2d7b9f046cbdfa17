/** A file of a package, as it lies there. */
interface LibraryFile {
  /** A module that the package exports: what it exports to a server may be another build than that for browsers. */
  specifier: string;
  /** The path from there. */
  path: string;
  /** What makes a script that is no module one: its exports. Two packages have a small build as a script alone. */
  exports?: string;
}

const UPLOT = "uplot/dist/uPlot.esm.js";

/**
 * The files of npm packages that the page loads, served as they lie in the package. The page imports them by
 * `./libraries/…`; `functions/page/deno.json` names the same packages for the types.
 */
export const LIBRARIES = new Map<string, LibraryFile>([
  ["fflate/esm/browser.js", {
    specifier: "fflate/browser",
    path: "../umd/index.js",
    exports: "export const { unzip, unzipSync, zip, zipSync, Zip, " +
      "ZipDeflate, ZipPassThrough, Unzip, UnzipInflate } = self.fflate;",
  }],
  ["idb/build/index.js", {
    specifier: "idb/build/index.js",
    path: "./index.js",
  }],
  ["lit-html/lit-html.js", {
    specifier: "lit-html/",
    path: "../lit-html.js",
  }],
  [UPLOT, {
    specifier: UPLOT,
    path: "./uPlot.iife.min.js",
    exports: "export default uPlot;",
  }],
  ["uplot/dist/uPlot.min.css", { specifier: UPLOT, path: "./uPlot.min.css" }],
]);

/** Where the file of a library lies, and what is added to it; undefined for a path that none has. */
export function findLibrary(
  path: string,
): { url: URL; exports: string } | undefined {
  const file = LIBRARIES.get(path);
  if (file === undefined) return undefined;
  const { specifier, path: relative, exports = "" } = file;
  return { url: new URL(relative, import.meta.resolve(specifier)), exports };
}

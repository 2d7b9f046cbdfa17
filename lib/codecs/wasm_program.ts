/**
 * A WebAssembly program of an npm package, compiled once per thread when it is first needed; callers give every
 * picture its own instance. After a failure the next call tries again.
 *
 * Source-phase imports would do the same, but Deno knows them only from 2.6 on.
 *
 * @param url of the program: `import.meta.resolve` of its path in the package.
 */
export function lazyProgram(url: string): () => Promise<WebAssembly.Module> {
  let compiled: Promise<WebAssembly.Module> | undefined;
  const compile = async () =>
    await WebAssembly.compile(await Deno.readFile(new URL(url)));
  return () => {
    if (compiled === undefined) {
      compiled = compile();
      // Callers learn of a failure from the promise itself.
      compiled.catch(() => compiled = undefined);
    }
    return compiled;
  };
}

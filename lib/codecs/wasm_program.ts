/**
 * A WebAssembly program of an npm package, compiled once per thread when it is first needed; callers give every
 * picture an instance of its own. After a failure the next call tries again.
 *
 * Source-phase imports would read as well, but Deno before 2.6 does not know them.
 *
 * @param url where the program lies: `import.meta.resolve` of its place in the package.
 */
export function lazyProgram(url: string): () => Promise<WebAssembly.Module> {
  let compiled: Promise<WebAssembly.Module> | undefined;
  const compile = async () =>
    await WebAssembly.compile(await Deno.readFile(new URL(url)));
  return () => {
    if (compiled === undefined) {
      compiled = compile();
      // Whoever waits hears of a failure through the promise itself.
      compiled.catch(() => compiled = undefined);
    }
    return compiled;
  };
}

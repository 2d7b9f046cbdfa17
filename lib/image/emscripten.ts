/**
 * Options that make an Emscripten factory instantiate the given compiled module
 * at once, without looking for its file, and send what it prints to `note`
 * instead of the console.
 */
export function emscriptenOptions(
  module: WebAssembly.Module,
  note: (line: string) => void,
) {
  return {
    noInitialRun: true,
    instantiateWasm(
      imports: WebAssembly.Imports,
      // The packages' types say Module here; Emscripten wants, and gets, the
      // Instance.
      done: (instance: WebAssembly.Module) => void,
    ): WebAssembly.Exports {
      const instance = new WebAssembly.Instance(module, imports);
      done(instance as unknown as WebAssembly.Module);
      return instance.exports;
    },
    print: note,
    printErr: note,
  };
}

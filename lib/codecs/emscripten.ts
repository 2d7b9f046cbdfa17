const PAGE_BYTES = 65_536;
/** The memory of a codec itself, whatever the picture. */
const BASE_BYTES = 64 * 2 ** 20;

/**
 * Options that make an Emscripten factory instantiate the given compiled module at once, without looking for its
 * file, and send what it prints to `note` instead of the console.
 *
 * @param pictureBytes how much memory the codec may take for the file and its picture, since a crafted file of a few
 * hundred bytes can ask for gigabytes. Beyond it every allocation fails, and the codec reports an error.
 */
export function emscriptenOptions(
  module: WebAssembly.Module,
  note: (line: string) => unknown,
  pictureBytes: number,
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
      for (const memory of Object.values(instance.exports)) {
        if (memory instanceof WebAssembly.Memory) {
          limit(memory, BASE_BYTES + pictureBytes);
        }
      }
      done(instance as unknown as WebAssembly.Module);
      return instance.exports;
    },
    print: note,
    printErr: note,
  };
}

/** Limits a memory: Emscripten grows it through this object alone, and takes an exception for a refusal. */
function limit(memory: WebAssembly.Memory, most: number): void {
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * PAGE_BYTES > most) {
      throw new RangeError(
        "The codec asks for more memory than its picture needs.",
      );
    }
    return WebAssembly.Memory.prototype.grow.call(memory, pages);
  };
}

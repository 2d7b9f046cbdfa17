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

/**
 * Packs a decoder's H×W×4 RGBA to H×W×C in place (C = 1 takes red) and frees the rest of the memory. The picture must
 * own its buffer, which is detached.
 */
export function dropAlpha(image: ImageData, channels: 1 | 3): Uint8Array {
  const rgba = image.data as Uint8ClampedArray<ArrayBuffer>;
  const pixels = rgba.length >> 2;
  if (channels === 1) {
    for (let i = 0; i < pixels; i++) rgba[i] = rgba[4 * i];
  } else {
    for (let i = 0, from = 0, to = 0; i < pixels; i++, from += 4, to += 3) {
      rgba[to] = rgba[from];
      rgba[to + 1] = rgba[from + 1];
      rgba[to + 2] = rgba[from + 2];
    }
  }
  return new Uint8Array(rgba.buffer.transfer(pixels * channels));
}

/** The opacity of every pixel of a decoder's H×W×4 RGBA. */
export function alphaOf({ data }: ImageData): Uint8Array {
  const alpha = new Uint8Array(data.length >> 2);
  for (let i = 0; i < alpha.length; i++) alpha[i] = data[4 * i + 3];
  return alpha;
}

import { createInflate } from "node:zlib";

/** What a piece of code asked for while it ran. */
export interface WorkDone {
  /** Bytes of the array buffers and typed arrays that were made in JavaScript. */
  allocated: number;
  /** Bytes of output space that zlib was given: the most that it can have unpacked. */
  unpacked: number;
  /** WebAssembly programs that were started: each decodes one picture. */
  codecs: number;
  /** Size of the largest WebAssembly memory that was grown, bytes. */
  grown: number;
}

const TYPED = [
  "Uint8Array",
  "Uint8ClampedArray",
  "Uint16Array",
  "Uint32Array",
  "Int8Array",
  "Int16Array",
  "Int32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
/** The prototype of zlib's native handles, which its synchronous and asynchronous functions share. */
const zlib = nativePart(createInflate());

function nativePart(stream: unknown): object {
  const { _handle: handle } = stream as { _handle: object };
  return Object.getPrototypeOf(handle);
}

type Method = (...args: never[]) => unknown;

/** Replaces a property until the returned function is called. */
function replace(owner: object, name: string, by: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  // A missing property would never be counted.
  if (own === undefined) throw new Error(`there is no ${name} to watch`);
  Object.defineProperty(owner, name, { ...own, value: by });
  return () => Object.defineProperty(owner, name, own);
}

/** Reports every object that a global constructor makes, until the returned function is called. */
function watchConstructor(
  owner: object,
  name: string,
  made: (object: object, args: unknown[]) => void,
): () => void {
  const constructor: () => void = Reflect.get(owner, name);
  const watched = new Proxy(constructor, {
    construct(target, args, self): object {
      const as = self === watched ? target : self;
      const object: object = Reflect.construct(target, args, as);
      made(object, args);
      return object;
    },
  });
  return replace(owner, name, watched);
}

/** Reports every completed call of a method, until the returned function is called. */
export function watchMethod(
  owner: object,
  name: string,
  called: (self: unknown, args: unknown[], result: unknown) => void,
): () => void {
  const method: Method = Reflect.get(owner, name);
  return replace(owner, name, function (this: unknown, ...args: never[]) {
    const result = method.apply(this, args);
    called(this, args, result);
    return result;
  });
}

/**
 * Runs a function and counts what it asked for in this thread, so that a test can bound work without a clock. Nothing
 * else may run in the thread at the time.
 */
export async function workDone(run: () => unknown): Promise<WorkDone> {
  const done: WorkDone = { allocated: 0, unpacked: 0, codecs: 0, grown: 0 };
  const isView = (of: unknown) =>
    of instanceof ArrayBuffer || of instanceof SharedArrayBuffer;
  const size = (array: unknown) => (array as ArrayBufferView).byteLength;
  const offer = (_: unknown, args: unknown[]) =>
    done.unpacked += args[6] as number;
  const undo = [
    watchConstructor(WebAssembly, "Instance", () => done.codecs++),
    watchMethod(WebAssembly.Memory.prototype, "grow", (memory) => {
      const { buffer } = memory as WebAssembly.Memory;
      done.grown = Math.max(done.grown, buffer.byteLength);
    }),
    watchMethod(zlib, "write", offer),
    watchMethod(zlib, "writeSync", offer),
    ...["slice", "map"].map((name) =>
      watchMethod(typedArray, name, (_, __, copy) => {
        done.allocated += size(copy);
      })
    ),
    ...TYPED.map((name) =>
      watchConstructor(globalThis, name, (array, [of]) => {
        if (!isView(of)) done.allocated += size(array);
      })
    ),
    watchConstructor(globalThis, "ArrayBuffer", (buffer) => {
      done.allocated += (buffer as ArrayBuffer).byteLength;
    }),
  ];
  try {
    await run();
  } finally {
    for (const one of undo) one();
  }
  return done;
}

/**
 * The first version of Deno in whose workers onnxruntime-web can start threads. Before it, the `postMessage` that
 * Emscripten gives its threads calls itself until the stack is full; found by starting 2.5.0 to 2.9.6.
 */
const THREADS_SINCE = [2, 7, 14];

/** Whether onnxruntime-web can start threads on this version of Deno, such as "2.9.6". */
export function hasWasmThreads(deno: string): boolean {
  const version = deno.split(/[.+-]/).map(Number);
  for (const [i, wanted] of THREADS_SINCE.entries()) {
    const part = version[i] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

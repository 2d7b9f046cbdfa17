import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes of buffers outside the JavaScript heap above which collecting them is worth its 10 ms. */
const ENOUGH = 16 * 2 ** 20;

/**
 * Gives a function that frees this thread's unused typed arrays, if there are many.
 *
 * Typed arrays weigh almost nothing on the JavaScript heap, so V8 is in no hurry to collect them: some 64 MB pile up in
 * every thread. V8 gives `gc` to new contexts once the flag is set; a host that withholds it collects as it pleases.
 */
export function createCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: (() => void) | undefined = runInNewContext("globalThis.gc");
  return () => {
    if (Deno.memoryUsage().external > ENOUGH) collect?.();
  };
}

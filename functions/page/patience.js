import { Problem, UNREACHABLE } from "./api.js";

/** Longest wait that a server may ask for, seconds; a longer one is told instead. */
const LONGEST = 600;
/** Seconds between attempts to reach a server that does not respond. */
const UNTIL_REACHED = 5;

/** Seconds until another attempt; null for an error that none can mend.
 * @param {unknown} error @param {boolean} lost whether a lost server is waited for */
function pauseOf(error, lost) {
  if (!(error instanceof Problem)) return null;
  if (lost && error.code === UNREACHABLE) return UNTIL_REACHED;
  const { retryAfter } = error;
  return retryAfter === null || retryAfter > LONGEST
    ? null
    : Math.max(1, retryAfter);
}

/** Whether an error passes by itself. @param {unknown} error */
export const isPassing = (error) => pauseOf(error, true) !== null;

/** Carries out a step; where the server is too busy for it, again once the server says that it may be.
 * @template T @param {() => Promise<T>} step @param {AbortSignal} signal ends the wait
 * @param {(text: string) => void} tell called every second of a wait with what is waited for, and with "" behind it
 * @param {{lost?: boolean}} [options] `lost`: a server that does not respond is waited for too @returns {Promise<T>} */
export async function patiently(step, signal, tell, { lost = false } = {}) {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      const pause = pauseOf(error, lost);
      if (pause === null || signal.aborted) throw error;
      const isLost = /** @type {Problem} */ (error).code === UNREACHABLE;
      const why = isLost
        ? "The server is not responding"
        : "The server is busy";
      for (let left = pause; left > 0; left--) {
        tell(`${why}, next try in ${left} s`);
        await second(signal);
      }
      tell("");
    }
  }
}

/** @param {AbortSignal} signal @returns {Promise<void>} */
function second(signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, 1000);
    signal.addEventListener("abort", stop, { once: true });
  });
}

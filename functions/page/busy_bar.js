import { html } from "./dom.js";
import { patiently } from "./patience.js";

/** The bar appears for waits that are longer than this, milliseconds. */
const DELAY = 400;

/** Ends the step that is being waited for. @type {AbortController | null} */
let waiting = null;

export const isBusy = () => waiting !== null;
export const cancelBusy = () => waiting?.abort();

/** Runs a step under the busy bar, whose button cancels it; where the server is too busy, again once it may not be. A
 * step that is still running is cancelled first.
 * @template T @param {string} text @param {(signal: AbortSignal) => Promise<T>} step
 * @param {{until?: AbortSignal | undefined, lost?: boolean}} [options] `until` cancels it too; `lost`: a server that does not
 * respond is waited for @returns {Promise<T>} */
export async function withBusyBar(text, step, { until, lost = false } = {}) {
  waiting?.abort();
  const own = new AbortController();
  waiting = own;
  const signal = until ? AbortSignal.any([own.signal, until]) : own.signal;
  html("busy-text").textContent = text;
  const timer = setTimeout(() => html("busy").hidden = false, DELAY);
  try {
    const tell = (/** @type {string} */ wait) => {
      html("busy-text").textContent = wait || text;
      html("busy").hidden = waiting !== own;
    };
    return await patiently(() => step(signal), signal, tell, { lost });
  } finally {
    clearTimeout(timer);
    if (waiting === own) {
      waiting = null;
      html("busy").hidden = true;
    }
  }
}

import { EdgeError } from "../core/errors.ts";

/** A time limit that is running; its end stops the timer. */
export interface Deadline extends Disposable {
  /** Aborted with an EdgeError `too-late` when the time is up, or when the caller goes away. */
  signal: AbortSignal;
}

/**
 * Starts the time limit of a piece of work.
 *
 * @param ms the limit in milliseconds.
 * @param caller aborted when the caller no longer waits.
 */
export function startDeadline(ms: number, caller: AbortSignal): Deadline {
  const late = new AbortController();
  const detail = `The work was not finished within ${ms / 1000} s; try again.`;
  const timer = setTimeout(
    () => late.abort(new EdgeError("too-late", detail)),
    ms,
  );
  return {
    signal: AbortSignal.any([caller, late.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

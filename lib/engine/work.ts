import { EdgeError } from "../core/errors.ts";
import type { Engine } from "./engine.ts";

/** On whose behalf work is done, and until when it is wanted. */
export interface Work {
  tenant: string;
  /** Aborted when the caller has gone or the deadline has passed; its reason is then an EdgeError. */
  signal: AbortSignal;
}

/** Gives the engine that works on someone's behalf. */
export type EngineFor = (work: Work) => Engine;

/**
 * Runs work under a deadline.
 *
 * @param ms milliseconds until the deadline.
 * @throws EdgeError `too-late` from whatever asks an engine after it.
 */
export async function inTime<T>(
  ms: number,
  { tenant, signal }: Work,
  run: (work: Work) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(tooLate(ms)), ms);
  const either = AbortSignal.any([signal, late.signal]);
  try {
    return await run({ tenant, signal: either });
  } finally {
    clearTimeout(timer);
  }
}

export function tooLate(ms: number): EdgeError {
  const why = `It was not done within ${ms / 1000} s; try again.`;
  return new EdgeError("too-late", why);
}

/** Why work is not wanted any more. */
export function reasonOf({ reason }: AbortSignal): EdgeError {
  return reason instanceof EdgeError
    ? reason
    : new EdgeError("given-up", "The caller has gone.");
}

/** @throws EdgeError when the work is not wanted any more. */
export function requireWanted({ signal }: Work): void {
  if (signal.aborted) throw reasonOf(signal);
}

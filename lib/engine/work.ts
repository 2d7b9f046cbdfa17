import { EdgeError } from "../core/errors.ts";
import type { Engine } from "./engine.ts";

/** On whose behalf something is done, and how long anybody wants it. */
export interface Work {
  tenant: string;
  /** Aborted when nobody waits for the answer any more, or its time is up: then its reason is an EdgeError. */
  signal: AbortSignal;
}

/** Gives the engine that works on someone's behalf. */
export type EngineFor = (work: Work) => Engine;

/**
 * Does work that has so many milliseconds.
 *
 * @throws EdgeError `too-late` from whatever asks an engine after them.
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

/** Why work is no longer wanted. */
export function reasonOf({ reason }: AbortSignal): EdgeError {
  return reason instanceof EdgeError
    ? reason
    : new EdgeError("given-up", "Nobody waits for the answer any more.");
}

/** @throws EdgeError when nobody wants the work any more. */
export function requireWanted({ signal }: Work): void {
  if (signal.aborted) throw reasonOf(signal);
}

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

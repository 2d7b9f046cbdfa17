import { EdgeError } from "../core/errors.ts";
import type { Engine } from "./engine.ts";

/** On whose behalf work is done, and until when it is wanted. */
export interface Work {
  tenant: string;
  /** Which of the tenant's callers; absent where there is one. */
  caller?: string;
  /** Aborted when the caller has gone or the deadline has passed; its reason is then an EdgeError. */
  signal: AbortSignal;
}

/** Gives the engine that works on someone's behalf. */
export type EngineFor = (work: Work) => Engine;

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

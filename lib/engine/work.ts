import type { Engine } from "./engine.ts";

/** On whose behalf something is done, and how long anybody wants it. */
export interface Work {
  tenant: string;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
}

/** Gives the engine that works on someone's behalf. */
export type EngineFor = (work: Work) => Engine;

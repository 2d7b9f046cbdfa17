import type { Engine } from "../engine/engine.ts";

/** An engine that works on several images at a time, for as long as a command needs it. */
export interface Engines extends AsyncDisposable {
  engine: Engine;
  /** How many images it is worth giving it at a time. */
  parallel: number;
}

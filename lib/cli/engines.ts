import type { Engine } from "../engine/engine.ts";

/** An engine that works on several images at a time, until it is disposed of. */
export interface Engines extends AsyncDisposable {
  engine: Engine;
  /** Largest image that is decoded. */
  maxPixels: number;
  /** How many images to give it at a time. */
  parallel: number;
}

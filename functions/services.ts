import type { Embedder } from "../lib/engine/embedder.ts";
import type { Engine } from "../lib/engine/engine.ts";
import type { Manifest } from "../lib/model/package.ts";
import type { ProfileStore } from "../lib/store/types.ts";

/** What the functions are given by the composition root. */
export interface Services {
  engine: Engine;
  embedder: Embedder;
  profiles: ProfileStore;
  /** The manifest of the model served. */
  model: Manifest;
  /** Largest request body in bytes. */
  maxBytes: number;
  /** Whether requests can be served now. */
  ready(): Promise<boolean>;
  /** Wall clock, milliseconds since 1970. */
  now(): number;
}

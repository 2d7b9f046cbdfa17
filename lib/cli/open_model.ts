import type { Engine } from "../engine/engine.ts";
import type { RecipeName } from "../pipeline/recipe.ts";
import type { Environment } from "../receipt/provenance.ts";

/** A model in this thread, and what receipts state about it. */
export interface OpenModel {
  id: string;
  digest: string;
  /** Where no other is asked for. */
  recipe: RecipeName;
  engine: Engine;
  /** Largest image that is decoded. */
  maxPixels: number;
  environment: Environment;
}

/** An engine that works on several images at a time, until it is disposed of. */
export interface Engines extends AsyncDisposable {
  /** Of the model, where no other is asked for. */
  recipe: RecipeName;
  engine: Engine;
  /** Largest image that is decoded. */
  maxPixels: number;
  /** How many images to give it at a time. */
  parallel: number;
}

import type { ModelCatalogue } from "../lib/engine/catalogue.ts";
import type { Circumstances } from "../lib/receipt/ingredients.ts";
import type { PatientStore, ProfileStore } from "../lib/store/types.ts";
import type { Telemetry } from "../lib/telemetry/telemetry.ts";

/** What the functions are given by the composition root. */
export interface Services {
  models: ModelCatalogue;
  profiles: ProfileStore;
  patients: PatientStore;
  /** Whether what is stored is encrypted. */
  sealed: boolean;
  /** What runs the models, for receipts. */
  circumstances: Circumstances;
  telemetry: Telemetry;
  /** Largest request body in bytes, and largest image of a series. */
  maxBytes: number;
  /** Largest body of a series in bytes. */
  maxSeriesBytes: number;
  /** Images of one series that are worked on at once. */
  parallel: number;
  /** Aborted when the process is told to stop: what may go on elsewhere ends. */
  closing: AbortSignal;
  /** Whether requests can be served now. */
  ready(): Promise<boolean>;
  /** Whether an encode host is worth a try; absent where images are encoded in this process. */
  encodeAvailable?(): boolean;
  /** Wall clock, milliseconds since 1970. */
  now(): number;
}

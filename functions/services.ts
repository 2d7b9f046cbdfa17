import type { TenantQuota } from "../lib/quota/tenant_quota.ts";
import type { ModelCatalogue } from "../lib/engine/catalogue.ts";
import type { Environment } from "../lib/receipt/provenance.ts";
import type { AuditStore } from "../lib/store/audit/audit_store.ts";
import type { PatientStore } from "../lib/store/patient_store.ts";
import type { ProfileStore } from "../lib/store/profiles/profile_store.ts";
import type { Trust } from "../lib/core/signing.ts";
import type { Telemetry } from "../lib/telemetry/telemetry.ts";

/** What the functions are given by the composition root. */
export interface Services {
  models: ModelCatalogue;
  profiles: ProfileStore;
  patients: PatientStore;
  audit: AuditStore;
  /** Who signs exports, and whose are imported. */
  trust: Trust;
  /** Whether what is stored is encrypted. */
  sealed: boolean;
  /** What runs the models, for receipts. */
  environment: Environment;
  telemetry: Telemetry;
  /** Largest request body in bytes, and largest image of a series. */
  maxBytes: number;
  /** What bodies of requests take of memory, bytes. */
  memory: TenantQuota;
  /** Series in progress, each with its body on disk. */
  series: TenantQuota;
  /** Milliseconds that the work of a request may take. */
  deadline: number;
  /** References that a patient may have. */
  maxReferences: number;
  /** Largest body of a series in bytes. */
  maxSeriesBytes: number;
  /** Images of one series that are worked on at once. */
  parallel: number;
  /** Milliseconds after which an enrolment begins no further trial of a copy. */
  selfTestBudget: number;
  /** Aborted when the process is told to stop: what may go on elsewhere ends. */
  closing: AbortSignal;
  /** Whether requests can be served now. */
  ready(): Promise<boolean>;
  /** Whether an encode host is worth a try; absent where images are encoded in this process. */
  encodeAvailable?(): boolean;
  /** Wall clock, milliseconds since 1970. */
  now(): number;
}

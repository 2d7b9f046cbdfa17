import type { Archive } from "../lib/archive/archive.ts";
import type { SharedTokens } from "../lib/quota/shared_rate_limit.ts";
import type { TenantQuota } from "../lib/quota/tenant_quota.ts";
import type { ModelCatalogue } from "../lib/engine/catalogue.ts";
import type { ReadTaskImage } from "../lib/label_studio/task_image.ts";
import type { Environment } from "../lib/receipt/provenance.ts";
import type { AnswerStore } from "../lib/store/answers/answer_store.ts";
import type { AuditStore } from "../lib/store/audit/audit_store.ts";
import type { ImageStore } from "../lib/store/images/image_store.ts";
import type { PatientStore } from "../lib/store/patient_store.ts";
import type { ProfileStore } from "../lib/store/profiles/profile_store.ts";
import type { UploadStore } from "../lib/store/uploads/upload_store.ts";
import type { Trust } from "../lib/core/signing.ts";
import type { Telemetry } from "../lib/telemetry/telemetry.ts";

/** What the composition root gives to the functions. */
export interface Services {
  models: ModelCatalogue;
  profiles: ProfileStore;
  patients: PatientStore;
  /** Images that programs send once and work on for a while. */
  images: ImageStore;
  /** How long they are held, milliseconds. */
  imageLifetime: number;
  /** Images of Label Studio's tasks. */
  readTaskImage: ReadTaskImage;
  answers: AnswerStore;
  uploads: UploadStore;
  audit: AuditStore;
  /** The hospital's image archive; absent where the operator names none. */
  archive?: Archive;
  /** The key that signs exports, and the keys whose exports are imported. */
  trust: Trust;
  /** Whether stored data is encrypted. */
  encrypted: boolean;
  /** What runs the models, for receipts. */
  environment: Environment;
  telemetry: Telemetry;
  /** Largest request body in bytes, and largest image of a series. */
  maxBytes: number;
  /** Largest body of a series in bytes. */
  maxSeriesBytes: number;
  /** References that a patient may have. */
  maxReferences: number;
  /** Memory that request bodies may take, bytes. */
  bodyQuota: TenantQuota;
  /** Series that may be in progress, each with its body on disk. */
  seriesQuota: TenantQuota;
  /** Counts requests for all processes over one database; absent where each counts for itself. */
  rates?: SharedTokens;
  /** Milliseconds that the work of a request may take. */
  deadline: number;
  /** Images of one series that are worked on at once. */
  parallel: number;
  /** Milliseconds after which an enrolment begins no further self-test. */
  selfTestBudget: number;
  /** Aborted when the process is told to stop: work that can continue on another instance ends. */
  closing: AbortSignal;
  /** Whether requests can be served now. */
  ready(): Promise<boolean>;
  /** Whether an encode host may answer now; absent where images are encoded in this process. */
  encodeAvailable?(): boolean;
  /** Wall clock, milliseconds since 1970. */
  now(): number;
}

/**
 * What can go wrong, for callers that must tell cases apart: the one table of codes. `lib` knows no HTTP; the status
 * and the title of each code are in `functions/contract/problems.ts`.
 *
 * `about` says where the fault lies, `retryable` that the same request may succeed later, or elsewhere.
 */
const ERROR_CODES = {
  /** The request's body or form cannot be read. */
  "malformed-request": { about: "request", retryable: false },
  /** A value of the request breaks its schema. */
  "validation": { about: "request", retryable: false },
  "no-route": { about: "request", retryable: false },
  "no-method": { about: "request", retryable: false },
  /** The answer cannot have the media type that was asked for. */
  "not-acceptable": { about: "request", retryable: false },
  /** The credential is missing or unknown. */
  "unauthorized": { about: "request", retryable: false },
  /** The credential does not allow this. */
  "forbidden": { about: "request", retryable: false },
  /** The body arrived more slowly than the minimum rate. */
  "too-slow": { about: "request", retryable: false },
  /** The request's idempotency key belongs to another request. */
  "key-reused": { about: "request", retryable: false },
  /** The request speaks no version of the upload protocol that is spoken here. */
  "tus-version": { about: "request", retryable: false },
  /** A quota of stored things is used up. */
  "limit-reached": { about: "request", retryable: false },
  /** The input breaks a rule that its message states. */
  "invalid-input": { about: "request", retryable: false },

  /** The file has no bytes. */
  "empty": { about: "image", retryable: false },
  /** The file is no image, or a kind of image that is not read here. */
  "unsupported-type": { about: "image", retryable: false },
  /** The file has more pixels than the limit, according to its header. */
  "too-large": { about: "image", retryable: false },
  /** The file has no such frame or segment, or several and none was chosen. */
  "frame-choice": { about: "image", retryable: false },
  /** The file ends before the image does. */
  "truncated": { about: "image", retryable: false },
  /** The bytes contradict their own format. */
  "malformed": { about: "image", retryable: false },

  /** The annotation covers no patch. */
  "annotation-too-small": { about: "method", retryable: false },
  /** The model lacks what the recipe needs. */
  "recipe-unsupported": { about: "method", retryable: false },
  /** Another model made the stored thing. */
  "model-mismatch": { about: "method", retryable: false },
  /** A receipt cannot be replayed to the identical mask. */
  "not-reproduced": { about: "method", retryable: false },

  /** The image states another patient than the references do. */
  "other-patient": { about: "store", retryable: false },
  "not-found": { about: "store", retryable: false },
  /** A concurrent write won. */
  "conflict": { about: "store", retryable: true },
  /** Stored data was altered, or the keys at hand cannot decrypt it. */
  "damaged": { about: "store", retryable: false },
  /** No trusted key signed it. */
  "untrusted": { about: "store", retryable: false },
  /** The store failed, for example because its disk is full; the cause is for the log alone. */
  "store-unavailable": { about: "store", retryable: true },

  /** The operator has not configured what this needs. */
  "not-configured": { about: "service", retryable: false },
  /** The queue is full, or a worker was lost. */
  "busy": { about: "service", retryable: true },
  /** The caller or its tenant has used up its quota of requests. */
  "too-many-requests": { about: "service", retryable: true },
  /** No encode host can make the embedding now. */
  "encode-unavailable": { about: "service", retryable: true },
  /** The host that the operator named for images does not answer. */
  "images-unavailable": { about: "service", retryable: true },
  /** The image archive does not answer now. */
  "archive-unavailable": { about: "service", retryable: true },
  /** The image archive refuses, or its answer cannot be used. */
  "archive-failed": { about: "service", retryable: false },
  /** The caller went away. */
  "given-up": { about: "service", retryable: false },
  /** The deadline of the request passed. */
  "too-late": { about: "service", retryable: false },
  /** The token cannot be checked now. */
  "access-unavailable": { about: "service", retryable: false },
  /** The request, or a file for an encode host, is larger than the limit. */
  "too-many-bytes": { about: "service", retryable: false },
  "not-ready": { about: "service", retryable: false },
  "internal": { about: "service", retryable: false },
};

export type ErrorCode = keyof typeof ERROR_CODES;

/** Whether a text is the code of a fault of the image that was sent. */
export function isImageCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code) &&
    ERROR_CODES[code as ErrorCode].about === "image";
}

/** A fault in one part of a request. */
export interface Fault {
  /** Where: `path.patient`, `query.label`, `body.points.0.x`. */
  path: string;
  message: string;
  /** What a receipt states there, and what was found instead. */
  expected?: string;
  actual?: string;
}

/** The most structures that a refusal lists. */
export const MAX_CHOICES = 50;

interface EdgeErrorOptions extends ErrorOptions {
  faults?: Fault[];
  /** What the request's `segment` may be, of a file of several structures; at most {@linkcode MAX_CHOICES}. */
  choices?: string[];
  /** What the file calls each of them, for its sender alone; empty texts where it does not say. */
  names?: string[];
  /** Seconds after which another attempt may succeed. */
  retryAfter?: number | undefined;
}

/**
 * The one error of the product. Its message says what was attempted, what was wanted and what was found, and may be
 * shown to the caller: it contains no patient data but the caller's own ids, and never quotes the contents of a file.
 */
export class EdgeError extends Error {
  override name = "EdgeError";
  readonly faults: Fault[];
  readonly choices: string[];
  readonly names: string[];
  readonly retryAfter: number | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    { faults = [], choices = [], names = [], retryAfter, ...options }:
      EdgeErrorOptions = {},
  ) {
    super(message, options);
    this.faults = faults;
    this.choices = choices;
    this.names = names;
    this.retryAfter = retryAfter;
  }
}

/** The error of input that breaks a rule. */
export function invalidInput(message: string): EdgeError {
  return new EdgeError("invalid-input", message);
}

/** Whether the same work may succeed later, or elsewhere. */
export function isRetryable(error: unknown): boolean {
  return error instanceof EdgeError && ERROR_CODES[error.code].retryable;
}

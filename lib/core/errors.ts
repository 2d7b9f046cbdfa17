/** What went wrong, for callers that must tell cases apart. `lib` knows no HTTP. */
export type ErrorCode =
  /** The input breaks a rule that its message states. */
  | "invalid-input"
  /** The annotation owns no patch. */
  | "annotation-too-small"
  /** A named thing does not exist. */
  | "not-found"
  /** A stored thing was made by another model. */
  | "model-mismatch"
  /** The model lacks what the recipe needs. */
  | "recipe-unsupported"
  /** A receipt cannot be replayed to the identical mask. */
  | "not-reproduced"
  /** A concurrent write won. */
  | "conflict"
  /** What is stored was altered, or cannot be read with the keys at hand. */
  | "damaged"
  /** Nobody who is trusted signed it. */
  | "untrusted"
  /** The operator has not set what this needs. */
  | "not-configured"
  /** The queue is full. */
  | "busy"
  /** The caller, or its tenant, has as much under way as it may. */
  | "too-many-requests"
  /** The store failed, as one whose disk is full; its cause is for the log alone. */
  | "store-unavailable"
  /** No encode host makes the embedding now. */
  | "encode-unavailable"
  /** Nobody waits for the answer any more. */
  | "given-up"
  /** The time that a request may take is over. */
  | "too-late"
  /** It cannot be found out now who calls. */
  | "access-unavailable"
  /** An encode host takes no file of this size. */
  | "too-many-bytes";

/** An error whose message may be shown to the caller: it names no patient data but the caller's own ids. */
export class EdgeError extends Error {
  override name = "EdgeError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The error of input that breaks a rule. */
export function invalidInput(message: string): EdgeError {
  return new EdgeError("invalid-input", message);
}

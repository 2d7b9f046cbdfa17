/** Why a picture was refused. */
export type ImageErrorCode =
  /** No bytes at all. */
  | "empty"
  /** Not a picture, or a kind of picture this library does not read. */
  | "unsupported-type"
  /** The bytes are of another type than the sender declared. */
  | "media-type-mismatch"
  /** More pixels than the limit allows; decided from the header alone. */
  | "too-large"
  /** It has no such frame or segment, or several and it was not said which. */
  | "frame-choice"
  /** The file ends before the picture does. */
  | "truncated"
  /** The bytes contradict their own format. */
  | "malformed";

/**
 * The one error class that `lib/image` throws for bad input. Messages say what
 * was attempted, what was wanted and what came; they never quote file contents,
 * metadata or names.
 */
export class ImageError extends Error {
  override readonly name = "ImageError";
  readonly code: ImageErrorCode;

  constructor(code: ImageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

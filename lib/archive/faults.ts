import { EdgeError } from "../core/errors.ts";

/** The error of an archive that does not answer now. */
export function unavailable(why: string): EdgeError {
  const message = `The image archive cannot be reached: ${why}.`;
  return new EdgeError("archive-unavailable", message);
}

/** The error of an archive that refuses, or of an answer that cannot be used. */
export function failed(why: string): EdgeError {
  return new EdgeError("archive-failed", `The image archive failed: ${why}.`);
}

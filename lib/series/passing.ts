import { EdgeError } from "../core/errors.ts";

const PASSING = [
  "busy",
  "too-many-requests",
  "encode-unavailable",
  "store-unavailable",
  "conflict",
];

/** Whether an error is no fault of the image: another try may do better. */
export function isPassing(error: unknown): boolean {
  return error instanceof EdgeError &&
    PASSING.includes(error.code);
}

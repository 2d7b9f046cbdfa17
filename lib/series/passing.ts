import { EdgeError } from "../errors.ts";

/** Whether an error is no fault of the image: another try may do better. */
export function isPassing(error: unknown): boolean {
  return error instanceof EdgeError &&
    ["busy", "too-many-requests", "encode-unavailable", "conflict"].includes(
      error.code,
    );
}

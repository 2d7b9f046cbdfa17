import { EdgeError, type ErrorCode } from "../errors.ts";
import { ImageError, type ImageErrorCode } from "../image/errors.ts";
import type { Engine } from "./engine.ts";

/** What a worker needs to build its engine. */
export interface WorkerOptions {
  /** URL of the model package folder. */
  folder: string;
  threads: number;
  maxPixels: number;
}

/** One call of an engine operation; a worker gets the next when it has answered the last. */
export interface Call {
  method: keyof Engine;
  args: unknown[];
}

export type Reply = { value: unknown } | { error: ErrorDescription };

/** An error on its way between threads. */
export type ErrorDescription =
  | { kind: "edge"; code: ErrorCode; message: string }
  | { kind: "image"; code: ImageErrorCode; message: string }
  | { kind: "other"; message: string };

export function describeError(error: unknown): ErrorDescription {
  if (error instanceof EdgeError) {
    return { kind: "edge", code: error.code, message: error.message };
  }
  if (error instanceof ImageError) {
    return { kind: "image", code: error.code, message: error.message };
  }
  return {
    kind: "other",
    message: error instanceof Error ? error.message : String(error),
  };
}

export function restoreError(description: ErrorDescription): Error {
  switch (description.kind) {
    case "edge":
      return new EdgeError(description.code, description.message);
    case "image":
      return new ImageError(description.code, description.message);
    case "other":
      return new Error(description.message);
  }
}

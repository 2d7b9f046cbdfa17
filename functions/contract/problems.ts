import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { traceOf } from "../../lib/core/error_trace.ts";
import {
  EdgeError,
  type ErrorCode,
  type Fault,
} from "../../lib/core/errors.ts";
import { NotReproduced } from "../../lib/receipt/differences.ts";

/** Status and title of every problem (RFC 9457, section 3.1). */
export const PROBLEMS: Record<
  ErrorCode,
  { status: ContentfulStatusCode; title: string }
> = {
  "malformed-request": { status: 400, title: "The request cannot be read" },
  "empty": { status: 400, title: "The image is empty" },
  "unauthorized": {
    status: 401,
    title: "The key or token is missing or wrong",
  },
  "forbidden": { status: 403, title: "Not allowed" },
  "untrusted": { status: 403, title: "Nobody trusted signed it" },
  "not-found": { status: 404, title: "Not found" },
  "no-route": { status: 404, title: "No such route" },
  "no-method": { status: 405, title: "No such method here" },
  "not-acceptable": { status: 406, title: "No such answer format" },
  "too-slow": { status: 408, title: "The request came too slowly" },
  "conflict": { status: 409, title: "A concurrent change won" },
  "limit-reached": { status: 409, title: "There are as many as may be" },
  "model-mismatch": { status: 409, title: "Made by another model" },
  "not-reproduced": { status: 409, title: "The mask cannot be reproduced" },
  "too-many-bytes": { status: 413, title: "The request is too large" },
  "too-large": { status: 413, title: "The image has too many pixels" },
  "unsupported-type": { status: 415, title: "Unsupported media type" },
  "media-type-mismatch": {
    status: 415,
    title: "The media type does not match the bytes",
  },
  "validation": { status: 422, title: "The request is not valid" },
  "invalid-input": { status: 422, title: "The input cannot be used" },
  "frame-choice": {
    status: 422,
    title: "The frame or segment must be chosen",
  },
  "annotation-too-small": { status: 422, title: "The annotation is too small" },
  "recipe-unsupported": {
    status: 422,
    title: "The model cannot run this recipe",
  },
  "truncated": { status: 422, title: "The image is cut short" },
  "malformed": { status: 422, title: "The image is damaged" },
  // The status that servers write down for it; nobody is there to read it.
  "given-up": {
    status: 499 as ContentfulStatusCode,
    title: "The caller went away",
  },
  "too-many-requests": { status: 429, title: "Too many requests" },
  "damaged": { status: 500, title: "What is stored is damaged" },
  "internal": { status: 500, title: "Internal error" },
  "not-configured": { status: 404, title: "Not set up here" },
  "busy": { status: 503, title: "Busy" },
  "encode-unavailable": { status: 503, title: "No encode host answers" },
  "store-unavailable": { status: 503, title: "The store cannot be used now" },
  "access-unavailable": {
    status: 503,
    title: "The token cannot be checked now",
  },
  "too-late": { status: 503, title: "Its time is over" },
  "not-ready": { status: 503, title: "Not ready" },
};

/** Seconds after which a refused request is worth another try. */
const RETRY_AFTER = "2";

/** Where the error knows better than that. */
function retryAfterOf(error: unknown): string {
  const known = error instanceof EdgeError ? error.retryAfter : undefined;
  return known === undefined ? RETRY_AFTER : `${known}`;
}

/** A problem document (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: ContentfulStatusCode;
  detail: string;
  instance: string;
  errors?: Fault[];
}

/** Answers any error with its problem document. */
export function answerProblem(error: unknown, c: Context): Response {
  const problem = describeProblem(error, c);
  const { status } = problem;
  if (status === 503 || status === 429) {
    c.header("retry-after", retryAfterOf(error));
  }
  return c.body(JSON.stringify(problem), problem.status, {
    "content-type": "application/problem+json",
  });
}

/** The problem of any error, which is logged when nobody foresaw it; the one place that maps errors to HTTP. */
export function describeProblem(error: unknown, c: Context): Problem {
  const { code, detail, faults } = explain(error, c);
  const { status, title } = PROBLEMS[code];
  const instance = c.get("requestId");
  const cause = error instanceof EdgeError ? error.cause : undefined;
  if (status === 500 || (status > 500 && cause !== undefined)) {
    const trace = traceOf(cause ?? error);
    const line = { level: "error", request: instance, ...trace };
    console.error(JSON.stringify(line));
  }
  return {
    type: `/problems/${code}`,
    title,
    status,
    detail,
    instance,
    ...(faults.length > 0 && { errors: faults }),
  };
}

function explain(
  error: unknown,
  c: Context,
): { code: ErrorCode; detail: string; faults: Fault[] } {
  if (error instanceof NotReproduced) {
    const { code, message, differences } = error;
    const faults = differences.map(({ path, ...difference }) => ({
      path: `receipt.${path}`,
      ...difference,
    }));
    return { code, detail: message, faults };
  }
  if (error instanceof EdgeError) {
    return { code: error.code, detail: error.message, faults: error.faults };
  }
  if (error instanceof HTTPException && error.status < 500) {
    if (error.status !== 415) {
      const detail = `Cannot read the body: ${error.message}.`;
      return { code: "malformed-request", detail, faults: [] };
    }
    const came = c.req.header("content-type") ?? "no content type";
    const detail =
      `Cannot read the body: wanted application/json, got ${came}.`;
    return { code: "unsupported-type", detail, faults: [] };
  }
  return {
    code: "internal",
    detail: "The server failed; the log has the request id.",
    faults: [],
  };
}

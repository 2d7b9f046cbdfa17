import { z } from "@hono/zod-openapi";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import {
  EdgeError,
  type ErrorCode,
  type Fault,
} from "../../lib/core/errors.ts";
import type { Difference } from "../../lib/receipt/differences.ts";

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
  "forbidden": { status: 403, title: "Forbidden" },
  "untrusted": { status: 403, title: "Untrusted signature" },
  "not-found": { status: 404, title: "Not found" },
  "no-route": { status: 404, title: "No such route" },
  "not-configured": { status: 404, title: "Not configured on this server" },
  "no-method": { status: 405, title: "Method not allowed" },
  "not-acceptable": { status: 406, title: "Answer format not available" },
  "too-slow": {
    status: 408,
    title: "Request timeout: the body arrived too slowly",
  },
  "conflict": { status: 409, title: "Conflict with a concurrent change" },
  "limit-reached": { status: 409, title: "Limit reached" },
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
  "frame-choice": { status: 422, title: "The frame or segment must be chosen" },
  "annotation-too-small": { status: 422, title: "The annotation is too small" },
  "recipe-unsupported": {
    status: 422,
    title: "The model does not support this recipe",
  },
  "truncated": { status: 422, title: "The image is cut short" },
  "malformed": { status: 422, title: "The image is damaged" },
  "too-many-requests": { status: 429, title: "Too many requests" },
  // The status that servers log for it; no caller is left to read the answer.
  "given-up": {
    status: 499 as ContentfulStatusCode,
    title: "The client closed the request",
  },
  "damaged": { status: 500, title: "Stored data is damaged" },
  "internal": { status: 500, title: "Internal error" },
  "busy": { status: 503, title: "Busy" },
  "encode-unavailable": { status: 503, title: "No encode host answers" },
  "store-unavailable": { status: 503, title: "The store is unavailable" },
  "access-unavailable": {
    status: 503,
    title: "The token cannot be verified now",
  },
  "too-late": { status: 503, title: "Deadline exceeded" },
  "not-ready": { status: 503, title: "Not ready" },
};

const PROBLEM = {
  type: "/problems/not-found",
  title: "Not found",
  status: 404,
  detail: 'There is no patient "p-18"; enrol a reference first.',
  instance: "9ab6d1fc-06fa-4d14-90d8-1c84b6ed0283",
};

/** What is wrong in one place, or differs from a receipt. */
export const FaultDocument = z.object({
  path: z.string(),
  message: z.string(),
  expected: z.string().optional().describe("What a receipt states"),
  actual: z.string().optional().describe("What was found instead"),
}).openapi("Fault");

export const ProblemDocument = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().describe("The request's id"),
  errors: z.array(FaultDocument).optional(),
}).openapi("Problem", { description: "RFC 9457", example: PROBLEM });

/** A problem document (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: ContentfulStatusCode;
  detail: string;
  instance: string;
  errors?: Fault[];
}

/** The problem answers a route may give, by status, with an example of each kind. */
export const problems = (...statuses: number[]) =>
  Object.fromEntries(
    [...statuses, 500].map((status) => [status, problemsOf(status)]),
  );

/** The problem answer of one status. */
export function problemsOf(status: number) {
  const kinds = Object.entries(PROBLEMS)
    .filter(([, problem]) => problem.status === status);
  const examples = Object.fromEntries(kinds.map(([code, { title }]) => {
    const type = `/problems/${code}`;
    const detail = "What was attempted, what was expected and what was found.";
    const { instance } = PROBLEM;
    return [code, { value: { type, title, status, detail, instance } }];
  }));
  return {
    description: kinds.map(([, { title }]) => title).join("; "),
    content: {
      "application/problem+json": { schema: ProblemDocument, examples },
    },
  };
}

/** Differences from a receipt as faults of the request. */
export function faultsOf(differences: Difference[]): Fault[] {
  return differences.map((difference) => ({
    ...difference,
    path: `receipt.${difference.path}`,
  }));
}

interface Issue {
  path: PropertyKey[];
  message: string;
}

/**
 * The error of values that break their schema.
 *
 * @param place where the values were sent: `path`, `query`, `body`, `body.prompts`.
 */
export function invalid(place: string, issues: Issue[]): EdgeError {
  const faults: Fault[] = issues.map(({ path, message }) => ({
    path: [place, ...path.map(String)].join("."),
    message,
  }));
  const detail = faults.map(({ path, message }) => `${path}: ${message}`)
    .join("; ");
  return new EdgeError(
    "validation",
    `The request is not valid: ${detail}.`,
    { faults },
  );
}

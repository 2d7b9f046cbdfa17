import { z } from "@hono/zod-openapi";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import {
  EdgeError,
  type ErrorCode,
  type Fault,
} from "../../lib/core/errors.ts";
import type { Difference } from "../../lib/receipt/differences.ts";

/** Status and title of every problem (RFC 9457, section 3.1). */
export const PROBLEMS: Record<ErrorCode, [ContentfulStatusCode, string]> = {
  "malformed-request": [400, "The request cannot be read"],
  "empty": [400, "The image is empty"],
  "unauthorized": [401, "The key or token is missing or wrong"],
  "forbidden": [403, "Forbidden"],
  "untrusted": [403, "Untrusted signature"],
  "not-found": [404, "Not found"],
  "no-route": [404, "No such route"],
  "not-configured": [404, "Not configured on this server"],
  "no-method": [405, "Method not allowed"],
  "not-acceptable": [406, "Answer format not available"],
  "too-slow": [408, "Request timeout: the body arrived too slowly"],
  "conflict": [409, "Conflict with a concurrent change"],
  "key-reused": [409, "The idempotency key was used before"],
  "limit-reached": [409, "Limit reached"],
  "model-mismatch": [409, "Made by another model"],
  "not-reproduced": [409, "The mask cannot be reproduced"],
  "tus-version": [412, "Upload protocol not spoken"],
  "other-patient": [409, "The image is of another patient"],
  "too-many-bytes": [413, "The request is too large"],
  "too-large": [413, "The image has too many pixels"],
  "unsupported-type": [415, "Unsupported media type"],
  "validation": [422, "The request is not valid"],
  "invalid-input": [422, "The input cannot be used"],
  "frame-choice": [422, "The frame or segment must be chosen"],
  "annotation-too-small": [422, "The annotation is too small"],
  "recipe-unsupported": [422, "The model does not support this recipe"],
  "truncated": [422, "The image is cut short"],
  "malformed": [422, "The image is damaged"],
  "too-many-requests": [429, "Too many requests"],
  // The status that servers log for it; no caller is left to read the answer.
  "given-up": [499 as ContentfulStatusCode, "The client closed the request"],
  "damaged": [500, "Stored data is damaged"],
  "internal": [500, "Internal error"],
  "archive-failed": [502, "The image archive failed"],
  "archive-unavailable": [503, "The image archive does not answer"],
  "busy": [503, "Busy"],
  "encode-unavailable": [503, "No encode host answers"],
  "images-unavailable": [503, "The host of the images does not answer"],
  "store-unavailable": [503, "The store is unavailable"],
  "access-unavailable": [503, "The token cannot be verified now"],
  "too-late": [503, "Deadline exceeded"],
  "not-ready": [503, "Not ready"],
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
  choices: z.array(z.string()).optional().describe(
    "What `segment` may be, where the mask holds several structures",
  ),
  names: z.array(z.string()).optional().describe(
    "What the mask's file calls each of `choices`, where it does; empty texts elsewhere",
  ),
}).openapi("Problem", { description: "RFC 9457", example: PROBLEM });

export type Problem = z.infer<typeof ProblemDocument> & {
  status: ContentfulStatusCode;
};

/** The problem answers a route may give, by status, with an example of each kind. */
export const problems = (...statuses: number[]) =>
  Object.fromEntries(
    [...statuses, 500].map((status) => [status, problemsOf(status)]),
  );

/** The problem answer of one status. */
export function problemsOf(status: number) {
  const kinds = Object.entries(PROBLEMS).filter(([, [of]]) => of === status);
  const examples = Object.fromEntries(kinds.map(([code, [, title]]) => {
    const type = `/problems/${code}`;
    const detail = "What was attempted, what was expected and what was found.";
    const { instance } = PROBLEM;
    return [code, { value: { type, title, status, detail, instance } }];
  }));
  return {
    description: kinds.map(([, [, title]]) => title).join("; "),
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

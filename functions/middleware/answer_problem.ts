import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import {
  EdgeError,
  type ErrorCode,
  type Fault,
} from "../../lib/core/errors.ts";
import { traceOf } from "../../lib/core/error_trace.ts";
import { NotReproduced } from "../../lib/receipt/differences.ts";
import { faultsOf, type Problem, PROBLEMS } from "../contract/problems.ts";

/** Seconds after which a refused request is worth another try, where the error states none. */
const RETRY_AFTER = 2;

/** Codes of what may succeed when it is sent again as it is. */
const SENT_AGAIN = new Set<ErrorCode>([
  "conflict",
  ...(Object.keys(PROBLEMS) as ErrorCode[])
    .filter((code) => PROBLEMS[code][0] >= 429),
]);

/** Answers any error with its problem document. */
export function answerProblem(error: unknown, c: Context): Response {
  const problem = describeProblem(error, c);
  const { status } = problem;
  const stated = error instanceof EdgeError ? error.retryAfter : undefined;
  if (stated !== undefined || status === 503 || status === 429) {
    c.header("retry-after", String(stated ?? RETRY_AFTER));
  }
  return c.body(JSON.stringify(problem), status, {
    "content-type": "application/problem+json",
  });
}

/** The problem of any error; the one place that maps errors to HTTP. Failures of the server are logged. */
export function describeProblem(error: unknown, c: Context): Problem {
  const { code, detail, faults = [], choices = [], names = [] } = explain(
    error,
    c,
  );
  const [status, title] = PROBLEMS[code];
  const instance = c.get("requestId");
  if (SENT_AGAIN.has(code)) c.get("uploads")?.keep();
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
    ...(choices.length > 0 && { choices }),
    ...(names.some((name) => name !== "") && { names }),
  };
}

function explain(
  error: unknown,
  c: Context,
): {
  code: ErrorCode;
  detail: string;
  faults?: Fault[];
  choices?: string[];
  names?: string[];
} {
  if (error instanceof NotReproduced) {
    const { code, message, differences } = error;
    return { code, detail: message, faults: faultsOf(differences) };
  }
  if (error instanceof EdgeError) {
    const { code, message, faults, choices, names } = error;
    return { code, detail: message, faults, choices, names };
  }
  if (error instanceof HTTPException && error.status < 500) {
    if (error.status !== 415) {
      const detail = `Cannot read the body: ${error.message}.`;
      return { code: "malformed-request", detail };
    }
    const type = c.req.header("content-type") ?? "no content type";
    const detail =
      `Cannot read the body: wanted application/json, got ${type}.`;
    return { code: "unsupported-type", detail };
  }
  return {
    code: "internal",
    detail: "The server failed; its log has details under the request id.",
  };
}

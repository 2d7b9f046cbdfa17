import type { components } from "./api.ts";

export type Problem = components["schemas"]["Problem"];

/** Type of the problem that is made up for the response of a proxy. */
const PROXY = "about:blank";

/** The service refused a call, in the words of its problem document (RFC 9457). */
export class ProblemError extends Error {
  override name = "ProblemError";

  /** @param retryAfter seconds after which to call again, where the service states them */
  constructor(readonly problem: Problem, readonly retryAfter: number | null) {
    super(problem.detail);
  }

  /** Whether the same call may succeed soon: the service is busy, or a proxy says that it is down. */
  get isTemporary(): boolean {
    const { status, type } = this.problem;
    return status === 429 || status === 503 ||
      (type === PROXY && status >= 502 && status <= 504);
  }

  static async of(response: Response): Promise<ProblemError> {
    // The header may also be a date (RFC 9110, 10.2.3), which a proxy may send.
    const seconds = Number(response.headers.get("retry-after") ?? NaN);
    const retryAfter = Number.isFinite(seconds) ? seconds : null;
    return new ProblemError(await problemOf(response), retryAfter);
  }
}

/** A response's problem document; one is made up for the response of a proxy. */
async function problemOf(response: Response): Promise<Problem> {
  const { status } = response;
  const text = await response.text();
  try {
    const problem = JSON.parse(text);
    if (typeof problem.detail === "string") return problem;
  } catch {
    // It is not JSON.
  }
  const title = `Status ${status}`;
  const detail = `The service responded with status ${status} and no reason.`;
  return { type: PROXY, title, status, detail, instance: "" };
}

import type { NotFoundHandler } from "hono";
import { EdgeError } from "../../lib/core/errors.ts";
import type { Env, Router } from "../router.ts";
import { answerProblem } from "./answer_problem.ts";
import { methodsAt } from "./route_patterns.ts";

/** Answers requests that no route takes: 404, or 405 with the methods that the path has (RFC 9110, section 15.5.6). */
export function answerNoRoute(app: Router): NotFoundHandler<Env> {
  return (c) => {
    const { method, path } = c.req;
    const allowed = methodsAt(app, path).join(", ");
    if (allowed === "") {
      const detail = `There is no ${method} route here.`;
      return answerProblem(new EdgeError("no-route", detail), c);
    }
    c.header("allow", allowed);
    const detail = `This address takes ${allowed}, not ${method}.`;
    return answerProblem(new EdgeError("no-method", detail), c);
  };
}

import type { NotFoundHandler } from "hono";
import { EdgeError } from "../../lib/core/errors.ts";
import type { Env, Router } from "../router.ts";
import { answerProblem } from "./answer_problem.ts";

/** A route's pattern, `/v1/patients/:patient`, as a regular expression. */
export function patternOf(route: string): RegExp {
  const parts = route.split("/").map((part) =>
    /^:\w+$/.test(part) ? "[^/]+" : part.replace(/[^\w]/g, "\\$&")
  );
  return new RegExp(`^${parts.join("/")}$`);
}

/** A name of a path, decoded; as it came where it cannot be. */
export function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The method of the route that takes a request: HEAD is answered like GET (RFC 9110, section 9.3.2). */
export const routeMethod = (method: string): string =>
  method === "HEAD" ? "GET" : method;

/** Answers requests that no route takes: 404, or 405 with the methods that the path has (RFC 9110, section 15.5.6). */
export function answerNoRoute(app: Router): NotFoundHandler<Env> {
  return (c) => {
    const { method, path } = c.req;
    const methods = app.routes.flatMap((route) =>
      route.method !== "ALL" && patternOf(route.path).test(path)
        ? route.method === "GET" ? ["GET", "HEAD"] : [route.method]
        : []
    );
    if (methods.length === 0) {
      const detail = `There is no ${method} route here.`;
      return answerProblem(new EdgeError("no-route", detail), c);
    }
    const allowed = [...new Set(methods)].sort().join(", ");
    c.header("allow", allowed);
    const detail = `This address takes ${allowed}, not ${method}.`;
    return answerProblem(new EdgeError("no-method", detail), c);
  };
}

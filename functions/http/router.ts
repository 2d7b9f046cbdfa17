import { OpenAPIHono } from "@hono/zod-openapi";
import { type Fault, RequestError } from "./problem.ts";

export type Env = { Variables: { requestId: string } };
export type Router = OpenAPIHono<Env>;

/** A router whose failed validations become problems with the path of every fault. */
export function createRouter(): Router {
  return new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (result.success) return;
      const place = result.target === "param" ? "path" : result.target;
      throw invalid(place, result.error.issues);
    },
  });
}

interface Issue {
  path: PropertyKey[];
  message: string;
}

/** The problem of values that break their schema. */
export function invalid(place: string, issues: Issue[]): RequestError {
  const faults: Fault[] = issues.map(({ path, message }) => ({
    path: [place, ...path.map(String)].join("."),
    message,
  }));
  const detail = faults.map((fault) => `${fault.path}: ${fault.message}`).join("; ");
  return new RequestError("validation", `The request is not valid: ${detail}.`, faults);
}

import type { Router } from "../router.ts";

/** The methods that an application answers at a path; for the Allow header of a 405. */
export function methodsAt(app: Router, path: string): string[] {
  const methods = app.routes
    .filter(({ method, path: pattern }) =>
      method !== "ALL" && patternOf(pattern).test(path)
    )
    .map(({ method }) => method);
  return [...new Set(methods)].sort();
}

/** A route's pattern, `/v1/patients/:patient`, as a regular expression. */
export function patternOf(route: string): RegExp {
  const parts = route.split("/").map((part) =>
    /^:\w+$/.test(part) ? "[^/]+" : part.replace(/[^\w]/g, "\\$&")
  );
  return new RegExp(`^${parts.join("/")}$`);
}

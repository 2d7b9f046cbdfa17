import type { Work } from "../../lib/engine/work.ts";

/** Work on behalf of a tenant, which the signal may abort. */
export function workOf(
  tenant: string,
  signal: AbortSignal = new AbortController().signal,
): Work {
  return { tenant, signal };
}

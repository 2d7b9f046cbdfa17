import type { Work } from "../../lib/engine/work.ts";

/** Work on behalf of a tenant, wanted for ever unless a signal says otherwise. */
export function workOf(
  tenant: string,
  signal: AbortSignal = new AbortController().signal,
): Work {
  return { tenant, signal };
}

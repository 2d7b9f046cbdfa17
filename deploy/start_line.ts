import type { Authenticator } from "../lib/access/authenticator.ts";
import type { Services } from "../functions/services.ts";
import { hasWasmThreads } from "../lib/runtime/runtime.ts";
import type { Config } from "./config.ts";

/** What a server prints when it listens. */
export function startLine(
  url: string,
  seconds: number,
  notes: string[],
): string {
  const ready = `ready in ${seconds.toFixed(1)} s`;
  return [`P²SAM Edge listens on ${url} (${ready})`, ...notes].join("; ");
}

/** What an operator should know about the start: threads, callers, encryption. */
export function startNotes(
  config: Config,
  access: Authenticator | undefined,
  { encrypted, environment: { runtime } }: Services,
): string[] {
  const { RUNTIME, THREADS, ENCODE_URL, ALLOW_ANONYMOUS } = config;
  const notes: string[] = [];
  const encodes = ENCODE_URL === undefined && RUNTIME === "wasm";
  if (encodes && THREADS > 1 && !hasWasmThreads(runtime.deno)) {
    notes.push(
      `one thread, since Deno ${runtime.deno} cannot start more (2.7.14 can)`,
    );
  }
  if (access === undefined) {
    notes.push(
      ALLOW_ANONYMOUS
        ? "ALLOW_ANONYMOUS: anyone may read and erase everything"
        : "no API_KEYS are set, so only this machine is answered",
    );
  }
  if (!encrypted) {
    notes.push("data is stored unencrypted (OPERATOR_KEYS encrypts it)");
  }
  return notes;
}

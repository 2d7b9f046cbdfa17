/// <reference lib="deno.worker" />
import { createCollector } from "./collector.ts";
import { refusal, type Reply, STOP } from "./protocol.ts";
import type { Stops } from "./stops.ts";

/**
 * Answers every message of a thread with the result of `handle`, or with why it failed.
 *
 * @param stops learns when a message is to be left unfinished.
 */
export function replyToMessages<T>(
  scope: DedicatedWorkerGlobalScope,
  handle: (message: T) => Promise<unknown>,
  stops?: Stops,
): void {
  const collect = createCollector();
  const post = (reply: Reply) => scope.postMessage(reply);
  scope.onmessage = async ({ data }: MessageEvent<T | typeof STOP>) => {
    if (data === STOP) return stops?.stop();
    stops?.begin();
    try {
      post({ value: await handle(data) });
    } catch (error) {
      post(refusal(error));
    }
    collect();
  };
}

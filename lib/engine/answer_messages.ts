/// <reference lib="deno.worker" />
import { createCollector } from "./collector.ts";
import { refusal, type Reply } from "./protocol.ts";

/** Answers every message that a thread gets with what `handle` makes of it, or with why it failed. */
export function answerMessages<T>(
  scope: DedicatedWorkerGlobalScope,
  handle: (message: T) => Promise<unknown>,
): void {
  const collect = createCollector();
  const post = (reply: Reply) => scope.postMessage(reply);
  scope.onmessage = async ({ data }: MessageEvent<T>) => {
    try {
      post({ value: await handle(data) });
    } catch (error) {
      post(refusal(error));
    }
    collect();
  };
}

/// <reference lib="deno.worker" />
import type { InputFile } from "../../../lib/engine/engine.ts";
import { STOP } from "../../../lib/engine/protocol.ts";

/** A worker for fault injection: the options' first folder says how it starts, a call's method how it ends. */
const scope = self as unknown as DedicatedWorkerGlobalScope;

let isObeying = false;

scope.onmessage = ({ data }: MessageEvent) => {
  if (data === STOP) {
    const error = { kind: "edge", code: "busy", message: "stopped" };
    if (isObeying) scope.postMessage({ error });
    isObeying = false;
    return;
  }
  if ("folders" in data) {
    const error = { kind: "edge", code: "invalid-input", message: "no model" };
    if (data.folders[0] === "hung") hang();
    if (data.folders[0] === "crashing") throw new Error("crash at the start");
    const value = data.folders.map((folder: string) => (
      { batches: folder === "batching" }
    ));
    scope.postMessage(data.folders[0] === "broken" ? { error } : { value });
  } else if (data.method === "enrol") {
    setTimeout(() => {
      throw new Error("crash");
    });
  } else if (data.method === "decode") {
    hang();
  } else if (data.method === "augment") {
    isObeying = true; // works on until it is told to stop
  } else if (data.method === "propose") {
    scope.postMessage({ value: data.args });
    setTimeout(() => {
      throw new Error("crash while idle");
    }, 20);
  } else if (data.method === "embedImages") {
    const { args } = data;
    scope.postMessage({
      value: args.map((file: InputFile) =>
        file.mediaType === "bad"
          ? { error: { kind: "edge", code: "invalid-input", message: "bad" } }
          : { value: [file, `one of ${args.length}`] }
      ),
    });
  } else if (data.method === "exportMask") {
    Deno.exit(3);
  } else {
    scope.postMessage({ value: data.args });
  }
};

/** Longer than any deadline here. Not for ever: nothing ends the thread of a terminated worker while it is busy. */
function hang(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000);
}

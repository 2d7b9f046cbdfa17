/// <reference lib="deno.worker" />
import type { InputFile } from "../../../lib/engine/engine.ts";

/** A worker for fault injection: the options' first folder says how it starts, a call's method how it ends. */
const scope = self as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = ({ data }: MessageEvent) => {
  if ("folders" in data) {
    const error = { kind: "edge", code: "invalid-input", message: "no model" };
    if (data.folders[0] === "hung") { for (;;); }
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
    for (;;);
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

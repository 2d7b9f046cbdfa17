/// <reference lib="deno.worker" />
/** A worker for fault injection: the options' first folder says how it starts, a call's method how it ends. */
const scope = self as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = ({ data }: MessageEvent) => {
  if ("folders" in data) {
    const error = { kind: "edge", code: "invalid-input", message: "no model" };
    scope.postMessage(
      data.folders[0] === "broken" ? { error } : { value: undefined },
    );
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
  } else {
    scope.postMessage({ value: data.args });
  }
};

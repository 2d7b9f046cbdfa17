/// <reference lib="deno.worker" />
import { replyToMessages } from "../../../lib/engine/reply_to_messages.ts";
import type { Call, WorkerOptions } from "../../../lib/engine/protocol.ts";

/** A worker whose calls take all the memory there is, each in another way. */
replyToMessages(
  self as unknown as DedicatedWorkerGlobalScope,
  (message: WorkerOptions | Call) => Promise.try(run, message),
);

function run(message: WorkerOptions | Call): unknown {
  if ("folders" in message) {
    return message.folders.map(() => ({ batches: false }));
  }
  switch (message.method) {
    case "enrol": // an array that no machine has
      return new ArrayBuffer(2 ** 44);
    case "decode": { // a WebAssembly memory beyond its maximum
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
      return memory.grow(65_535);
    }
    case "propose": { // a trap: (func (export "f") unreachable)
      const code = [
        0,
        97,
        115,
        109,
        1,
        0,
        0,
        0,
        1,
        4,
        1,
        96,
        0,
        0,
        3,
        2,
        1,
        0,
        7,
        5,
        1,
        1,
        102,
        0,
        0,
        10,
        5,
        1,
        3,
        0,
        0,
        11,
      ];
      const program = new WebAssembly.Instance(
        new WebAssembly.Module(Uint8Array.from(code)),
      );
      return (program.exports.f as () => void)();
    }
    default:
      return message.args;
  }
}

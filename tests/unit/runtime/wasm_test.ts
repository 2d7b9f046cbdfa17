import { deepEqual, equal, ok } from "node:assert/strict";

const DECODER = new URL("../../../models/nano/decoder.onnx", import.meta.url);

Deno.test({
  name:
    "the memory that the runtime's threads share does not grow while they begin",
  async fn() {
    const { Memory } = WebAssembly;
    const made: WebAssembly.Memory[] = [];
    const recorded = new Proxy(Memory, {
      construct(_, [given]: [WebAssembly.MemoryDescriptor]) {
        const memory = new Memory(given);
        if (given.shared && given.initial > 0) made.push(memory);
        return memory;
      },
    });
    WebAssembly.Memory = recorded;
    try {
      const { openWasm } = await import("../../../lib/runtime/wasm.ts");
      const session = await openWasm(2).open(await Deno.readFile(DECODER));
      ok(session.inputNames.includes("image_embeddings"));
      equal(WebAssembly.Memory, recorded);
    } finally {
      WebAssembly.Memory = Memory;
    }
    deepEqual(made.map(({ buffer }) => buffer.byteLength), [512 * 2 ** 20]);
  },
});

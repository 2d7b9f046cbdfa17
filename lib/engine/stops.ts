import { EdgeError } from "../core/errors.ts";
import type { Decoder, Encoder } from "../pipeline/types.ts";

/** Whether the current call of a thread is to be left unfinished. */
export class Stops {
  #isStopped = false;
  #channel = new MessageChannel();

  /** A new call begins. */
  begin(): void {
    this.#isStopped = false;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Networks that leave a stopped call before their next run, with EdgeError `busy`. A message reaches a thread only when
   * its event loop turns, and awaiting onnxruntime's WASM does not turn it. Deno (2.9) ends a terminated worker only
   * there, too (denoland/deno#35657).
   */
  between(
    { encoder, decoder }: { encoder: Encoder; decoder: Decoder },
  ): { encoder: Encoder; decoder: Decoder } {
    return {
      encoder: {
        batches: encoder.batches,
        encode: async (images) => {
          await this.#pass();
          return await encoder.encode(images);
        },
      },
      decoder: {
        decode: async (tensors, prompt) => {
          await this.#pass();
          return await decoder.decode(tensors, prompt);
        },
      },
    };
  }

  /** Our own message arrives after those that wait. A timer takes 2 ms, and `setImmediate` leaves messages unread. */
  #takeMessages(): Promise<unknown> {
    const { port1, port2 } = this.#channel;
    const taken = new Promise((resolve) => port1.onmessage = resolve);
    port2.postMessage(null);
    return taken;
  }

  async #pass(): Promise<void> {
    await this.#takeMessages();
    if (this.#isStopped) throw new EdgeError("busy", "The work was stopped.");
  }
}

import { setImmediate } from "node:timers/promises";
import type { Decoder, Encoder } from "../pipeline/types.ts";

/**
 * Networks whose thread can be ended before each of their runs.
 *
 * Deno (2.9) ends a terminated worker where its event loop turns and nowhere else (denoland/deno#35657). Between the
 * runs of one call it never would, and a call past its deadline would go on to its end.
 */
export function stoppable(
  { encoder, decoder }: { encoder: Encoder; decoder: Decoder },
): { encoder: Encoder; decoder: Decoder } {
  return {
    encoder: {
      batches: encoder.batches,
      async encode(images) {
        await setImmediate();
        return await encoder.encode(images);
      },
    },
    decoder: {
      async decode(tensors, prompt) {
        await setImmediate();
        return await decoder.decode(tensors, prompt);
      },
    },
  };
}

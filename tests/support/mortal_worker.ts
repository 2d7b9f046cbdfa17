/// <reference lib="deno.worker" />
/** The worker of the product, with a channel on which a test ends it while it works. */
import "../../lib/engine/worker_thread.ts";
import { type End, MORTAL } from "./mortal.ts";

new BroadcastChannel(MORTAL).onmessage = ({ data }: MessageEvent<End>) => {
  if (data === "exits") Deno.exit(3);
  if (data === "throws") throw new Error("thrown in the midst");
  if (data === "runs out of memory") new ArrayBuffer(2 ** 46);
};

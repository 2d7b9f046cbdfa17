import { deepEqual, ok, rejects } from "node:assert/strict";
import { EMBEDDED_MODELS } from "../../deploy/config.ts";
import type {
  EmbeddingFile,
  ProfileFile,
  SegmentationAnswer,
  SegmentationRequest,
} from "../../lib/engine/engine.ts";
import { EngineWorker } from "../../lib/engine/engine_worker.ts";
import type { Call, WorkerOptions } from "../../lib/engine/protocol.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawVisit } from "../../lib/sample/patient.ts";

Deno.test("a stopped call frees its thread long before its end, and the next call is answered", async () => {
  const url = import.meta.resolve("../../lib/engine/worker_thread.ts");
  let ended = false;
  const worker = new EngineWorker(
    new Worker(url, { type: "module" }),
    () => ended = true,
  );
  const LONG = 120_000;
  const ask = <T>(message: WorkerOptions | Call, deadline = LONG) =>
    worker.ask(message, deadline, "late", LONG) as Promise<T>;
  const call = (method: Call["method"], ...args: unknown[]): Call => ({
    model: 0,
    method,
    args,
  });
  await ask({
    folders: [new URL("nano/", EMBEDDED_MODELS).href],
    components: ["encoder", "decoder"],
    runtime: "wasm",
    threads: 1,
    maxPixels: 1e7,
  });
  const profiles: Uint8Array[] = [];
  let embedding: Uint8Array = new Uint8Array();
  for (let number = 1; number <= 3; number++) {
    const { image, mask } = drawVisit(number);
    const input = { bytes: encodePng(image) };
    const file = { bytes: encodePng(mask) };
    ({ bytes: embedding } = await ask<EmbeddingFile>(call("embed", input)));
    const made = call("enrol", embedding, { file });
    profiles.push((await ask<ProfileFile>(made)).bytes);
  }
  const request: SegmentationRequest = {};
  const long = call("segment", embedding, profiles, request);

  const started = performance.now();
  const { mask } = await ask<SegmentationAnswer>(long);
  const whole = performance.now() - started;

  await rejects(ask(long, whole / 4), { code: "busy", message: "late" });
  const stopped = performance.now();
  await worker.freed;
  const lasted = performance.now() - stopped;
  ok(
    lasted < whole / 3,
    `went on for ${lasted.toFixed()} of ${whole.toFixed()} ms`,
  );
  deepEqual((await ask<SegmentationAnswer>(long)).mask, mask);
  ok(!ended);
  worker.terminate();
});

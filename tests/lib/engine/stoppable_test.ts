import { ok, rejects } from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { EMBEDDED_MODELS } from "../../../deploy/config.ts";
import type {
  EmbeddingFile,
  ProfileFile,
  SegmentationRequest,
} from "../../../lib/engine/engine.ts";
import { EngineWorker } from "../../../lib/engine/engine_worker.ts";
import type { Call, WorkerOptions } from "../../../lib/engine/protocol.ts";
import { encodePng } from "../../../lib/image/encode_png.ts";
import { drawVisit } from "../../../lib/sample/patient.ts";

/** Where Linux tells of this process's threads. */
const TASKS = "/proc/self/task";
const hasTasks = Deno.build.os === "linux";
if (!hasTasks) console.log(`skipped: there is no ${TASKS} to count threads in`);

/** The threads of this process's workers. */
function workerThreads(): Set<string> {
  const names = [...Deno.readDirSync(TASKS)].map(({ name }) => {
    try {
      return Deno.readTextFileSync(`${TASKS}/${name}/comm`).trim();
    } catch {
      return ""; // it has just ended
    }
  });
  return new Set(names.filter((name) => name.startsWith("worker-")));
}

Deno.test({
  name:
    "a thread that is ended in the midst of a call does not go on to the call's end",
  ignore: !hasTasks,
  async fn() {
    const before = workerThreads();
    const url = import.meta.resolve("../../../lib/engine/worker.ts");
    const worker = new EngineWorker(
      new Worker(url, { type: "module" }),
      () => {},
    );
    const ask = <T>(message: WorkerOptions | Call, deadline = 120_000) =>
      worker.ask(message, deadline, "late") as Promise<T>;
    const call = (method: Call["method"], ...args: unknown[]): Call => ({
      model: 0,
      method,
      args,
    });
    await ask({
      folders: [new URL("nano/", EMBEDDED_MODELS).href],
      parts: ["encoder", "decoder"],
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
    await ask(long);
    const alone = performance.now() - started;

    const isAlive = () =>
      [...workerThreads()].some((name) => !before.has(name));
    ok(isAlive());
    await rejects(ask(long, alone / 4), { code: "busy", message: "late" });
    const ended = performance.now();
    while (isAlive() && performance.now() - ended < alone) await delay(10);
    const lasted = performance.now() - ended;
    ok(
      lasted < alone / 3,
      `went on for ${lasted.toFixed()} of ${alone.toFixed()} ms`,
    );
  },
});

import { deepEqual, equal, rejects } from "node:assert/strict";
import {
  createPool,
  type EnginePool,
  type PoolOptions,
} from "../../../lib/engine/pool.ts";

const fragile = () =>
  new Worker(import.meta.resolve("./fragile_worker.ts"), { type: "module" });

const openPool = (options: Partial<PoolOptions> = {}, create = fragile) =>
  createPool({
    folders: ["whole"],
    parts: [],
    runtime: "wasm",
    threads: 1,
    maxPixels: 1,
    workers: 1,
    queue: 8,
    deadline: 500,
    ...options,
  }, create);

/** Calls by what they do to a fragile worker. */
const calls = ({ engines: [engine] }: EnginePool) => ({
  echo: (text: string) => engine.embed(text as never) as Promise<unknown>,
  crash: () => engine.enrol(null!, null!),
  hang: () => engine.decode(null!, null!),
  crashIdle: () => engine.propose(null!, null!),
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("calls are answered in order, each with its own reply", async () => {
  await using pool = await openPool({ workers: 2 });
  const { echo } = calls(pool);
  const answers = await Promise.all(["a", "b", "c", "d", "e"].map(echo));
  deepEqual(answers, [["a"], ["b"], ["c"], ["d"], ["e"]]);
});

Deno.test("a crash fails its call alone, and the worker is replaced", async () => {
  await using pool = await openPool();
  const { echo, crash } = calls(pool);
  const crashed = rejects(crash(), { name: "WorkerStopped" });
  const after = echo("after");
  await crashed;
  deepEqual(await after, ["after"]);
});

Deno.test("a call past its deadline is stopped, and the next one is served", async () => {
  await using pool = await openPool();
  const { echo, hang } = calls(pool);
  const hung = rejects(hang(), /took over 0.5 s and was stopped/);
  const after = echo("after");
  await hung;
  deepEqual(await after, ["after"]);
});

Deno.test("a worker that dies idle swallows no call", async () => {
  await using pool = await openPool();
  const { echo, crashIdle } = calls(pool);
  await crashIdle();
  await pause(200);
  deepEqual(await echo("after"), ["after"]);
  equal(pool.ready, true);
});

Deno.test("a worker that cannot start fails the start with its reason", async () => {
  await rejects(openPool({ folders: ["broken"], workers: 2 }), /no model/);
});

Deno.test("when no worker can be replaced, waiting calls are refused, and tries go on", async () => {
  const options = { folders: ["whole"] };
  let broken = false;
  const create = () => {
    if (broken) throw new Error("no threads left");
    return fragile();
  };
  await using pool = await openPool(options, create);
  const { echo, crash } = calls(pool);
  broken = true;
  const crashed = rejects(crash());
  const waiting = rejects(echo("waiting"), /No worker can be started/);
  await crashed;
  await waiting;
  equal(pool.ready, false);
  broken = false;
  while (!pool.ready) await pause(50);
  deepEqual(await echo("after"), ["after"]);
});

Deno.test("a full queue and a closed pool refuse at once", async () => {
  const pool = await openPool({ queue: 1, deadline: 60_000 });
  const { echo, hang } = calls(pool);
  const hung = rejects(hang(), { name: "WorkerStopped" });
  const waiting = rejects(echo("waiting"), /The server stops/);
  equal(pool.ready, false);
  await rejects(echo("one too many"), /1 requests wait/);
  await pool[Symbol.asyncDispose]();
  await hung;
  await waiting;
  await rejects(echo("late"), /The server stops/);
});

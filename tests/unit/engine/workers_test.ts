import { deepEqual, equal, rejects } from "node:assert/strict";
import { EMBEDDING_MEDIA_TYPE } from "../../../lib/format/embedding_file.ts";
import {
  type EngineWorkers,
  startWorkers,
  type WorkersOptions,
} from "../../../lib/engine/workers.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { workOf } from "../../support/work.ts";

const fragile = () =>
  new Worker(import.meta.resolve("./fragile_worker.ts"), { type: "module" });

const openWorkers = (options: Partial<WorkersOptions> = {}, create = fragile) =>
  startWorkers({
    folders: ["whole"],
    components: [],
    runtime: "wasm",
    threads: 1,
    maxPixels: 1,
    workers: 1,
    queue: 8,
    tenantQueue: 8,
    batch: 1,
    deadline: 500,
    startDeadline: 60_000,
    ...options,
  }, create);

const engineOf = (workers: EngineWorkers, model = 0, work = workOf("t")) =>
  workers.engineFor(model, work);

/** Calls by what they do to a fragile worker. */
const calls = (workers: EngineWorkers, engine = engineOf(workers)) => ({
  echo: (text: string) => engine.embed(text as never) as Promise<unknown>,
  crash: () => engine.enrol(null!, null!),
  hang: () => engine.decode(null!, null!),
  goOn: () => engine.augment(null!, null!, null!),
  crashIdle: () => engine.propose(null!, null!),
});

const bytesOf = (text: string) => new TextEncoder().encode(text);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Replaces the milliseconds of every timer that is set, until it is disposed. */
function withTimers(replace: (ms: number) => number): Disposable {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = new Proxy(setTimeout, {
    apply: (target, self, [act, ms = 0, ...args]) =>
      Reflect.apply(target, self, [act, replace(ms), ...args]),
  });
  return { [Symbol.dispose]: () => void (globalThis.setTimeout = setTimeout) };
}

Deno.test("calls are answered in order, each with its own reply", async () => {
  await using workers = await openWorkers({ workers: 2 });
  const { echo } = calls(workers);
  const answers = await Promise.all(["a", "b", "c", "d", "e"].map(echo));
  deepEqual(answers, [["a"], ["b"], ["c"], ["d"], ["e"]]);
});

Deno.test("files to be taken apart are handed over, others are copied", async () => {
  await using workers = await openWorkers();
  const engine = engineOf(workers);
  const file = { bytes: bytesOf("file") };
  await engine.preview(file, 1);
  equal(file.bytes.length, 4);
  const echoed: unknown = await engine.countFrames(file);
  deepEqual(echoed, [{ bytes: bytesOf("file") }]);
  equal(file.bytes.length, 0);
});

Deno.test("a crash fails its call alone, and the worker is replaced", async () => {
  await using workers = await openWorkers();
  const { echo, crash } = calls(workers);
  const crashed = rejects(crash(), { code: "busy", message: /was stopped/ });
  const after = echo("after");
  await crashed;
  deepEqual(await after, ["after"]);
});

Deno.test("a call past its deadline is stopped, and the next one is served", async () => {
  await using workers = await openWorkers();
  const { echo, hang } = calls(workers);
  const hung = rejects(hang(), /took over 0.5 s and was stopped/);
  const after = echo("after");
  await hung;
  deepEqual(await after, ["after"]);
});

Deno.test("a worker that stops when it is told to, at the deadline or when nobody waits any more, is kept", async () => {
  let started = 0;
  const create = () => {
    started++;
    return fragile();
  };
  {
    await using workers = await openWorkers({}, create);
    const { echo, goOn } = calls(workers);
    await rejects(goOn(), /took over 0.5 s and was stopped/);
    deepEqual(await echo("after"), ["after"]);
  }
  await using workers = await openWorkers({ deadline: 60_000 }, create);
  const caller = new AbortController();
  const given = calls(
    workers,
    engineOf(workers, 0, workOf("t", caller.signal)),
  );
  const running = rejects(given.goOn(), { code: "given-up" });
  const after = calls(workers).echo("after");
  caller.abort();
  await running;
  deepEqual(await after, ["after"]);
  equal(started, 2);
});

Deno.test("a worker that dies idle swallows no call", async () => {
  await using workers = await openWorkers();
  const { echo, crashIdle } = calls(workers);
  await crashIdle();
  await pause(200);
  deepEqual(await echo("after"), ["after"]);
  equal(workers.ready, true);
});

Deno.test("a worker that cannot start fails the start with its reason", async () => {
  await rejects(openWorkers({ folders: ["broken"], workers: 2 }), /no model/);
});

Deno.test("a worker that hangs while it starts is given up for another", async () => {
  let hung = 0;
  const create = () => {
    const worker = fragile();
    if (hung++ > 0) return worker;
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message) => post({ ...message, folders: ["hung"] });
    return worker;
  };
  const startDeadline = 60_000;
  let starts = 0;
  using _ = withTimers((ms) => ms === startDeadline && starts++ === 0 ? 0 : ms);
  await using workers = await openWorkers({ startDeadline }, create);
  equal(hung, 2);
  deepEqual(await calls(workers).echo("after"), ["after"]);
});

Deno.test("workers that hang one after the other fail the start", async () => {
  const options = { folders: ["hung"], startDeadline: 100 };
  await rejects(openWorkers(options), /not loaded within 0.1 s/);
});

Deno.test("images that wait for the same model are encoded together, the others alone", async () => {
  const folders = ["batching", "single", "batching"];
  await using workers = await openWorkers({
    folders,
    batch: 3,
    deadline: 60_000,
  });
  const [first, single, other] = [0, 1, 2].map((model) =>
    engineOf(workers, model)
  );
  const image = (name: string) => ({ bytes: bytesOf(name) });
  const upload = {
    bytes: bytesOf("upload"),
    mediaType: EMBEDDING_MEDIA_TYPE,
  };
  const answers = await Promise.allSettled([
    first.embed(image("started at once")),
    first.embed(image("a")),
    single.embed(image("x")),
    single.embed(image("y")),
    first.embed(upload),
    first.embed({ ...image("b"), mediaType: "bad" }),
    first.embed(image("c")),
    first.embed(image("d")),
    other.embed(image("e")),
  ] as Promise<unknown>[]);
  deepEqual(
    answers.map((one) =>
      one.status === "rejected" ? one.reason.message : (one.value as unknown[])
    ),
    [
      [image("started at once")],
      [image("a"), "one of 3"],
      [image("x")],
      [image("y")],
      [upload],
      "bad",
      [image("c"), "one of 3"],
      [image("d")],
      [image("e")],
    ],
  );
});

Deno.test("when no worker can be replaced, waiting calls are refused, and tries go on", async () => {
  const options = { folders: ["whole"] };
  let broken = false;
  const create = () => {
    if (broken) throw new Error("no threads left");
    return fragile();
  };
  await using workers = await openWorkers(options, create);
  const { echo, crash } = calls(workers);
  broken = true;
  const crashed = rejects(crash());
  const waiting = rejects(echo("waiting"), /No worker can be started/);
  await crashed;
  await waiting;
  equal(workers.ready, false);
  broken = false;
  while (!workers.ready) await pause(50);
  deepEqual(await echo("after"), ["after"]);
});

Deno.test("a full queue and a closed workers refuse at once", async () => {
  const workers = await openWorkers({ queue: 1, deadline: 60_000 });
  const { echo, hang } = calls(workers);
  const hung = rejects(hang(), { code: "busy", message: /was stopped/ });
  const waiting = rejects(echo("waiting"), /The server stops/);
  equal(workers.ready, false);
  await rejects(echo("one too many"), /1 requests wait/);
  await workers[Symbol.asyncDispose]();
  await hung;
  await waiting;
  await rejects(echo("late"), /The server stops/);
});

Deno.test("a tenant with many calls is refused more, and does not keep another waiting", async () => {
  await using workers = await openWorkers({ queue: 8, tenantQueue: 4 });
  const by = (tenant: string) =>
    calls(workers, engineOf(workers, 0, workOf(tenant)));
  const [heavy, light] = [by("heavy"), by("light")];
  const order: string[] = [];
  const served = (name: string, call: Promise<unknown>) =>
    call.then(() => order.push(name));
  const all = ["0", "1", "2", "3", "4"].map((name) =>
    served(`heavy ${name}`, heavy.echo(name))
  );
  await rejects(heavy.echo("one too many"), {
    code: "too-many-requests",
    message: /4 of your requests wait/,
  });
  for (const name of ["0", "1"]) {
    all.push(served(`light ${name}`, light.echo(name)));
  }
  await Promise.all(all);
  deepEqual(order, [
    "heavy 0",
    "light 0",
    "heavy 1",
    "light 1",
    "heavy 2",
    "heavy 3",
    "heavy 4",
  ]);
});

Deno.test("a call that nobody wants any more leaves the queue, and is never begun", async () => {
  await using workers = await openWorkers({ deadline: 60_000 });
  const caller = new AbortController();
  const given = calls(
    workers,
    engineOf(workers, 0, workOf("t", caller.signal)),
  );
  const { echo, hang } = calls(workers);
  const hung = rejects(hang());
  // Were it begun, it would end the worker, and what waits behind it would come.
  const waiting = rejects(given.crash(), { code: "given-up" });
  const after = rejects(echo("after"), /The server stops/);
  deepEqual(workers.state.waiting, 2);
  caller.abort();
  await waiting;
  deepEqual(workers.state.waiting, 1);
  await rejects(given.echo("later"), { code: "given-up" });
  await workers[Symbol.asyncDispose]();
  await hung;
  await after;
});

Deno.test("a call that is given up while it runs is answered at once, and its worker serves the next", async () => {
  await using workers = await openWorkers({ deadline: 1000 });
  const caller = new AbortController();
  const given = calls(
    workers,
    engineOf(workers, 0, workOf("t", caller.signal)),
  );
  const running = rejects(given.hang(), { code: "too-late" });
  caller.abort(new EdgeError("too-late", "enough"));
  await running;
  equal(workers.state.busy, 1);
  deepEqual(await calls(workers).echo("after"), ["after"]);
});

Deno.test("a worker that ends without a word is noticed at the deadline, and replaced", async () => {
  await using workers = await openWorkers();
  const { echo } = calls(workers);
  const engine = workers.engineFor(0, workOf("t"));
  await rejects(engine.exportMask(null!), { code: "busy" });
  deepEqual(await echo("after"), ["after"]);
});

Deno.test("a worker without memory, or whose program trapped, answers busy and is replaced", async () => {
  let started = 0;
  const create = () => {
    started++;
    const url = import.meta.resolve("./exhausted_worker.ts");
    return new Worker(url, { type: "module" });
  };
  await using workers = await openWorkers({ deadline: 60_000 }, create);
  const engine = workers.engineFor(0, workOf("t"));
  const exhausting = [
    () => engine.enrol(null!, null!),
    () => engine.decode(null!, null!),
    () => engine.propose(null!, null!),
  ];
  for (const [i, exhaust] of exhausting.entries()) {
    await rejects(exhaust(), { code: "busy", message: /more memory/ });
    deepEqual(await calls(workers).echo("after"), ["after"]);
    equal(started, i + 2);
  }
});

Deno.test("workers that die at every start are replaced ever later, and none is ready meanwhile", async () => {
  let crashing = false;
  const create = () => {
    const worker = fragile();
    if (!crashing) return worker;
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message) =>
      post({ ...message, folders: ["crashing"] });
    return worker;
  };
  const waits: number[] = [];
  using _ = withTimers((ms) => {
    if (ms < 1000 || ms > 30_000) return ms;
    waits.push(ms);
    return 0;
  });
  await using workers = await openWorkers({}, create);
  const { echo, crash } = calls(workers);
  crashing = true;
  await rejects(crash(), { code: "busy" });
  while (waits.length < 7) await pause(10);
  deepEqual(waits.slice(0, 7), [1000, 2000, 4000, 8000, 16e3, 30e3, 30e3]);
  equal(workers.ready, false);
  await rejects(echo("at once"), /No worker can be started/);
  crashing = false;
  while (!workers.ready) await pause(50);
  deepEqual(await echo("after"), ["after"]);
});

import { EdgeError } from "../core/errors.ts";
import { EMBEDDING_MEDIA_TYPE } from "../format/embedding_file.ts";
import type { RuntimeDescription } from "../runtime/runtime.ts";
import { type Engine, forwardingEngine, type InputFile } from "./engine.ts";
import { EngineWorker } from "./engine_worker.ts";
import { FairQueue } from "./fair_queue.ts";
import {
  type Call,
  type Loaded,
  type Reply,
  settle,
  type WorkerOptions,
} from "./protocol.ts";
import { reasonOf, type Work } from "./work.ts";

export interface WorkersOptions extends WorkerOptions {
  /** Number of workers, each with sessions of its own for every model. */
  workers: number;
  /** Calls that may wait for a worker; one more is refused. */
  queue: number;
  /** Calls of one tenant that may wait. */
  tenantQueue: number;
  /** Images that one worker encodes together, where they wait for the same model and that allows it. */
  batch: number;
  /** Milliseconds after which a running call is stopped. */
  deadline: number;
  /** Milliseconds after which a worker that has not loaded its models is given up. */
  startDeadline: number;
  /** Watches what happens. */
  observer?: WorkersObserver;
}

/** Watches workers, for metrics. */
export interface WorkersObserver {
  /** A call waited this long for its worker, milliseconds. */
  waited(ms: number): void;
  /** A worker died or was terminated, and will be replaced. */
  lost(): void;
}

/** Engines of every model, all over the same workers behind one bounded queue in which tenants take turns. */
export interface EngineWorkers extends AsyncDisposable {
  /** @param model its place in `folders`. */
  engineFor(model: number, work: Work): Engine;
  /** What runs the models in every worker. */
  readonly runtime: RuntimeDescription;
  /** Whether a worker lives and the queue has space to spare: it turns false before calls are refused. */
  readonly ready: boolean;
  readonly state: { waiting: number; idle: number; busy: number };
}

interface Job {
  work: Work;
  call: Call;
  /** Milliseconds of the monotonic clock. */
  since: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
  /** Of a running job: stops its worker, unless another job of the same run is still wanted. */
  stop?(): void;
}

/**
 * How many workers may hang one after the other before the start fails: when one of onnxruntime-web's threads fails,
 * the others wait for ever (lib/runtime/wasm.ts names a cause).
 */
const START_TRIES = 3;

/** Share of the queue above which a load balancer should send requests elsewhere. */
const READY_SHARE = 0.75;

/** Milliseconds that a worker has to stop after its deadline before it is replaced; the deadline if that is less. */
const GRACE_MS = 5000;

/** Milliseconds to wait after a worker could not be replaced; they double with every further failure. */
const RESTART_MS = 1000;
const MAX_RESTART_MS = 30_000;
const NO_WORKER = "No worker can be started.";

/**
 * Starts the workers and waits until each has loaded and warmed its models. A worker that dies, or does not stop at a
 * call's deadline, fails that call and is replaced.
 *
 * @param createWorker starts a thread that runs `worker_thread.ts`.
 * @throws the first worker's error when a model cannot be loaded. Calls to a full queue, or past their deadline, reject
 * with EdgeError `busy`; calls of a tenant whose own queue is full, with `too-many-requests`. A call whose caller has
 * gone leaves the queue.
 */
export async function startWorkers(
  options: WorkersOptions,
  createWorker: () => Worker = () =>
    new Worker(import.meta.resolve("./worker_thread.ts"), { type: "module" }),
): Promise<EngineWorkers> {
  const { queue, tenantQueue, deadline, observer, ...rest } = options;
  const { workers: _, batch, startDeadline, ...load } = rest;
  const grace = Math.min(deadline, GRACE_MS);
  const waiting = new FairQueue<Job>();
  const idle: EngineWorker[] = [];
  const living = new Set<EngineWorker>();
  /** Workers that have loaded their models, and whether they have answered a call since. */
  const loaded = new Map<EngineWorker, boolean>();
  let models: Loaded[] = [];
  let closed = false;
  let restart: ReturnType<typeof setTimeout> | undefined;
  /** How many workers in a row could not be started, or died before they answered a call. */
  let losses = 0;
  const down = () => losses > 1 && living.size === 0;

  const start = async (tries = START_TRIES): Promise<void> => {
    const worker = new EngineWorker(createWorker(), () => {
      living.delete(worker);
      if (loaded.get(worker) === false) losses++;
      loaded.delete(worker);
      if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
      if (!closed) observer?.lost();
      replaceLater();
    });
    living.add(worker);
    const late = `The models were not loaded within ${
      startDeadline / 1000
    } s; slow ones need a larger DEADLINE.`;
    try {
      models = await worker.ask(load, startDeadline, late) as Loaded[];
    } catch (error) {
      const { message } = error as Error;
      if (living.has(worker)) worker.terminate();
      else if (message !== late) {
        const why = "A worker died while it loaded the models.";
        throw new EdgeError("busy", why);
      }
      if (message === late && tries > 1) return await start(tries - 1);
      throw error;
    }
    loaded.set(worker, false);
    idle.push(worker);
    next();
  };

  /** The first lost worker is replaced at once, those that die in a row after ever longer waits. */
  const replaceLater = () => {
    if (closed || restart !== undefined) return;
    const wait = losses < 2 ? 0 : RESTART_MS * 2 ** (losses - 2);
    restart = setTimeout(replace, Math.min(wait, MAX_RESTART_MS));
  };

  const replace = async () => {
    try {
      if (living.size < options.workers) await start();
    } catch {
      losses++;
      if (living.size === 0) refuseWaiting(NO_WORKER);
    }
    restart = undefined;
    if (living.size < options.workers) replaceLater();
  };

  const refuseWaiting = (why: string) => {
    for (let job; (job = waiting.take()) !== undefined;) {
      job.reject(new EdgeError("busy", why));
    }
  };

  const next = () => {
    while (idle.length > 0 && waiting.size > 0) {
      run(idle.pop()!, takeJobs());
    }
  };

  /** The next job, and the waiting images that can be encoded in the same run. */
  const takeJobs = (): Job[] => {
    const first = waiting.take()!;
    const jobs = [first];
    const { model } = first.call;
    if (!encodesImage(first) || !models[model]!.batches) return jobs;
    const fits = (job: Job) => job.call.model === model && encodesImage(job);
    while (jobs.length < batch) {
      const job = waiting.take(fits);
      if (job === undefined) break;
      jobs.push(job);
    }
    return jobs;
  };

  const run = async (worker: EngineWorker, jobs: Job[]) => {
    const late = `The work took over ${deadline / 1000} s and was stopped.`;
    const first = jobs[0]!;
    for (const { since } of jobs) observer?.waited(performance.now() - since);
    const stop = () => {
      if (jobs.every(({ work }) => work.signal.aborted)) worker.stop();
    };
    for (const job of jobs) job.stop = stop;
    try {
      if (jobs.length === 1) {
        first.resolve(await worker.ask(first.call, deadline, late, grace));
      } else {
        const made = await worker.ask(together(jobs), deadline, late, grace);
        const replies = made as Reply[];
        jobs.forEach(({ resolve, reject }, i) =>
          settle(replies[i]!, resolve, reject)
        );
      }
    } catch (error) {
      for (const { reject } of jobs) reject(error as Error);
    }
    await worker.freed;
    if (living.has(worker)) {
      losses = 0;
      loaded.set(worker, true);
      idle.push(worker);
      next();
    }
  };

  /** Why a call is refused; undefined where it may wait. */
  const refusal = ({ tenant, signal }: Work): EdgeError | undefined => {
    if (signal.aborted) return reasonOf(signal);
    if (closed) return new EdgeError("busy", "The server stops.");
    if (down()) return new EdgeError("busy", NO_WORKER);
    if (waiting.size >= queue) {
      const why = `All workers are busy and ${queue} requests wait`;
      return new EdgeError("busy", `${why}; try again shortly.`);
    }
    if (waiting.sizeOf(tenant) >= tenantQueue) {
      const why =
        `All workers are busy and ${tenantQueue} of your requests wait`;
      return new EdgeError("too-many-requests", `${why}; try again shortly.`);
    }
  };

  const enqueue = async (work: Work, call: Call): Promise<unknown> => {
    const refused = refusal(work);
    if (refused !== undefined) throw refused;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const job: Job = { work, call, since: performance.now(), resolve, reject };
    const { tenant, signal } = work;
    const giveUp = () => {
      waiting.remove(tenant, job);
      reject(reasonOf(signal));
      job.stop?.();
    };
    signal.addEventListener("abort", giveUp);
    waiting.push(tenant, job, work.caller);
    next();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  };

  const close = () => {
    closed = true;
    clearTimeout(restart);
    for (const worker of living) worker.terminate();
    refuseWaiting("The server stops.");
    return Promise.resolve();
  };

  try {
    await Promise.all(Array.from({ length: options.workers }, () => start()));
  } catch (error) {
    await close();
    throw error;
  }
  const engineFor = (model: number, work: Work) =>
    forwardingEngine((method, args) => enqueue(work, { model, method, args }));
  return {
    engineFor,
    runtime: models[0]!.runtime,
    get ready() {
      return !closed && loaded.size > 0 && waiting.size < READY_SHARE * queue;
    },
    get state() {
      const busy = loaded.size - idle.length;
      return { waiting: waiting.size, idle: idle.length, busy };
    },
    [Symbol.asyncDispose]: close,
  };
}

function encodesImage({ call: { method, args } }: Job): boolean {
  if (method !== "embed") return false;
  return (args[0] as InputFile).mediaType !== EMBEDDING_MEDIA_TYPE;
}

/** The images of several jobs as one call. */
function together(jobs: Job[]): Call {
  const args = jobs.flatMap(({ call }) => call.args);
  return { model: jobs[0]!.call.model, method: "embedImages", args };
}

import { EdgeError } from "../errors.ts";
import type { Engine } from "./engine.ts";
import { EngineWorker } from "./engine_worker.ts";
import type { Call, WorkerOptions } from "./protocol.ts";

export interface PoolOptions extends WorkerOptions {
  /** Number of workers, each with sessions of its own. */
  workers: number;
  /** Calls that may wait for a worker; one more is refused. */
  queue: number;
  /** Milliseconds after which a running call is stopped with its worker. */
  deadline: number;
}

/** An engine over workers behind a bounded first-in, first-out queue. */
export interface EnginePool extends Engine, AsyncDisposable {
  /** Whether a worker lives and the queue has room. */
  readonly ready: boolean;
}

interface Job {
  call: Call;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Wait after a worker could not be replaced, milliseconds. */
const REHIRE_MS = 1000;

/**
 * Starts the workers and waits until each has loaded and warmed its model. A worker that dies, or is
 * stopped at a call's deadline, fails that call and is replaced.
 *
 * @param createWorker starts a thread that runs `worker.ts`.
 * @throws the first worker's error when the model cannot be loaded. Calls to a full queue, or past
 * their deadline, reject with EdgeError `busy`.
 */
export async function createPool(
  options: PoolOptions,
  createWorker: () => Worker = () =>
    new Worker(import.meta.resolve("./worker.ts"), { type: "module" }),
): Promise<EnginePool> {
  const { queue, deadline, folder, threads, maxPixels } = options;
  const waiting: Job[] = [];
  const idle: EngineWorker[] = [];
  const living = new Set<EngineWorker>();
  let closed = false;
  let rehire: ReturnType<typeof setTimeout> | undefined;
  let wait = 0;

  const hire = async () => {
    const worker = new EngineWorker(createWorker(), () => {
      living.delete(worker);
      if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
      replaceLater();
    });
    living.add(worker);
    try {
      await worker.ask({ folder, threads, maxPixels });
    } catch (error) {
      worker.terminate();
      throw error;
    }
    idle.push(worker);
    next();
  };

  const replaceLater = () => {
    if (!closed && rehire === undefined) rehire = setTimeout(replace, wait);
  };

  const replace = async () => {
    try {
      while (!closed && living.size < options.workers) await hire();
      wait = 0;
    } catch {
      wait = REHIRE_MS;
      if (living.size === 0) refuseWaiting("No worker can be started.");
    }
    rehire = undefined;
    if (living.size < options.workers) replaceLater();
  };

  const refuseWaiting = (why: string) => {
    for (const job of waiting.splice(0)) {
      job.reject(new EdgeError("busy", why));
    }
  };

  const next = () => {
    while (idle.length > 0 && waiting.length > 0) {
      run(idle.pop()!, waiting.shift()!);
    }
  };

  const run = async (worker: EngineWorker, { call, resolve, reject }: Job) => {
    const timer = setTimeout(() => {
      const seconds = deadline / 1000;
      reject(
        new EdgeError(
          "busy",
          `The work took over ${seconds} s and was stopped.`,
        ),
      );
      worker.terminate();
    }, deadline);
    try {
      resolve(await worker.ask(call));
    } catch (error) {
      reject(error as Error);
    }
    clearTimeout(timer);
    if (living.has(worker)) {
      idle.push(worker);
      next();
    }
  };

  const call = <T>(method: keyof Engine, ...args: unknown[]) => {
    if (closed || waiting.length >= queue) {
      const why = closed
        ? "The server stops."
        : `All workers are busy and ${queue} requests wait; try again shortly.`;
      return Promise.reject(new EdgeError("busy", why));
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    waiting.push({ call: { method, args }, resolve, reject });
    next();
    return promise as Promise<T>;
  };

  const close = () => {
    closed = true;
    clearTimeout(rehire);
    for (const worker of living) worker.terminate();
    refuseWaiting("The server stops.");
    return Promise.resolve();
  };

  try {
    await Promise.all(Array.from({ length: options.workers }, hire));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    embed: (input) => call("embed", input),
    enrol: (embedding, annotation) => call("enrol", embedding, annotation),
    propose: (embedding, profile, recipe) =>
      call("propose", embedding, profile, recipe),
    decode: (embedding, prompt) => call("decode", embedding, prompt),
    segment: (embedding, profiles, request) =>
      call("segment", embedding, profiles, request),
    get ready() {
      return living.size > 0 && waiting.length < queue;
    },
    [Symbol.asyncDispose]: close,
  };
}

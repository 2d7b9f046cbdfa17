import { EdgeError } from "../errors.ts";
import type { Engine } from "./engine.ts";
import { EngineWorker } from "./engine_worker.ts";
import type { Call, WorkerOptions } from "./protocol.ts";

export interface PoolOptions extends WorkerOptions {
  /** Number of workers, each with sessions of its own for every model. */
  workers: number;
  /** Calls that may wait for a worker; one more is refused. */
  queue: number;
  /** Milliseconds after which a running call is stopped with its worker. */
  deadline: number;
}

/** An engine per model, all over the same workers behind one bounded first-in, first-out queue. */
export interface EnginePool extends AsyncDisposable {
  /** In the order of `folders`. */
  readonly engines: Engine[];
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
 * Starts the workers and waits until each has loaded and warmed its models. A worker that dies, or is
 * stopped at a call's deadline, fails that call and is replaced.
 *
 * @param createWorker starts a thread that runs `worker.ts`.
 * @throws the first worker's error when a model cannot be loaded. Calls to a full queue, or past
 * their deadline, reject with EdgeError `busy`.
 */
export async function createPool(
  options: PoolOptions,
  createWorker: () => Worker = () =>
    new Worker(import.meta.resolve("./worker.ts"), { type: "module" }),
): Promise<EnginePool> {
  const { queue, deadline, folders, runtime, threads, maxPixels } = options;
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
      await worker.ask({ folders, runtime, threads, maxPixels });
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

  const call = <T>(model: number, method: keyof Engine, ...args: unknown[]) => {
    if (closed || waiting.length >= queue) {
      const why = closed
        ? "The server stops."
        : `All workers are busy and ${queue} requests wait; try again shortly.`;
      return Promise.reject(new EdgeError("busy", why));
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    waiting.push({ call: { model, method, args }, resolve, reject });
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
  const engineOf = (model: number): Engine => ({
    embed: (input) => call(model, "embed", input),
    enrol: (embedding, annotation) =>
      call(model, "enrol", embedding, annotation),
    propose: (embedding, profile) => call(model, "propose", embedding, profile),
    decode: (embedding, prompt) => call(model, "decode", embedding, prompt),
    segment: (embedding, profiles, request) =>
      call(model, "segment", embedding, profiles, request),
  });
  return {
    engines: folders.map((_, model) => engineOf(model)),
    get ready() {
      return living.size > 0 && waiting.length < queue;
    },
    [Symbol.asyncDispose]: close,
  };
}

import { EdgeError } from "../errors.ts";
import type { Engine } from "./engine.ts";
import {
  type Call,
  type Reply,
  restoreError,
  type WorkerOptions,
} from "./protocol.ts";

export interface PoolOptions extends WorkerOptions {
  /** Number of workers, each with sessions of its own. */
  workers: number;
  /** Calls that may wait for a worker; one more is refused. */
  queue: number;
}

/** An engine over workers behind a bounded first-in, first-out queue. */
export interface EnginePool extends Engine, AsyncDisposable {
  /** Calls waiting or running. */
  readonly load: number;
}

interface Job {
  call: Call;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Starts the workers and waits until each has loaded and warmed its model. A worker that dies fails
 * its call and is replaced.
 *
 * @throws the first worker's error when the model cannot be loaded. Calls to a full queue reject with
 * EdgeError `busy`.
 */
export async function createPool(options: PoolOptions): Promise<EnginePool> {
  const { workers, queue } = options;
  const waiting: Job[] = [];
  const idle: EngineWorker[] = [];
  const all = new Set<EngineWorker>();
  let running = 0;
  let closed = false;

  const hire = async () => {
    const worker = new EngineWorker();
    all.add(worker);
    try {
      const { folder, threads, maxPixels } = options;
      await worker.ask({ folder, threads, maxPixels });
      idle.push(worker);
    } catch (error) {
      all.delete(worker);
      worker.terminate();
      throw error;
    }
  };

  const next = () => {
    const worker = idle.pop();
    if (worker === undefined) return;
    const job = waiting.shift();
    if (job === undefined) {
      idle.push(worker);
      return;
    }
    running++;
    worker.ask(job.call).then(job.resolve, job.reject).finally(async () => {
      running--;
      if (worker.dead) {
        all.delete(worker);
        if (!closed) await hire();
      } else idle.push(worker);
      next();
    });
  };

  const call = <T>(method: keyof Engine, ...args: unknown[]): Promise<T> => {
    if (waiting.length >= queue) {
      return Promise.reject(
        new EdgeError(
          "busy",
          `All workers are busy and ${queue} requests wait; try again shortly.`,
        ),
      );
    }
    return new Promise<T>((resolve, reject) => {
      waiting.push({
        call: { method, args },
        resolve: resolve as Job["resolve"],
        reject,
      });
      next();
    });
  };

  await Promise.all(Array.from({ length: workers }, hire));
  return {
    embed: (image) => call("embed", image),
    enrol: (embedding, annotation) => call("enrol", embedding, annotation),
    propose: (embedding, profile) => call("propose", embedding, profile),
    decode: (embedding, prompt) => call("decode", embedding, prompt),
    segment: (embedding, profiles, request) =>
      call("segment", embedding, profiles, request),
    get load() {
      return waiting.length + running;
    },
    [Symbol.asyncDispose]() {
      closed = true;
      for (const worker of all) worker.terminate();
      for (const job of waiting.splice(0)) {
        job.reject(new EdgeError("busy", "The server stops."));
      }
      return Promise.resolve();
    },
  };
}

/** A worker that answers one message at a time. */
class EngineWorker {
  dead = false;
  #worker = new Worker(import.meta.resolve("./worker.ts"), { type: "module" });
  #settle: ((reply: Reply) => void) | null = null;

  constructor() {
    this.#worker.onmessage = ({ data }) => this.#reply(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.dead = true;
      this.#reply({
        error: { kind: "other", message: `A worker stopped: ${event.message}` },
      });
    };
  }

  ask(message: WorkerOptions | Call): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#settle = (reply) =>
        "error" in reply
          ? reject(restoreError(reply.error))
          : resolve(reply.value);
      this.#worker.postMessage(message);
    });
  }

  terminate(): void {
    this.dead = true;
    this.#worker.terminate();
    this.#reply({
      error: { kind: "other", message: "The worker was stopped." },
    });
  }

  #reply(reply: Reply): void {
    const settle = this.#settle;
    this.#settle = null;
    settle?.(reply);
  }
}

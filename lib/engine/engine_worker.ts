import { EdgeError } from "../core/errors.ts";
import type { InputFile } from "./engine.ts";
import {
  type Call,
  type Reply,
  settle,
  STOP,
  type WorkerOptions,
} from "./protocol.ts";

const STOPPED: Reply = {
  error: {
    kind: "edge",
    code: "busy",
    message: "The work was stopped; try again.",
  },
};

/** A thread that answers one message at a time. */
export class EngineWorker {
  #worker: Worker;
  #onDeath: () => void;
  #settle: ((reply: Reply) => void) | null = null;
  #freed = Promise.resolve();

  /** @param onDeath called once, before the pending message is refused. */
  constructor(worker: Worker, onDeath: () => void) {
    this.#worker = worker;
    this.#onDeath = onDeath;
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ("error" in data && data.spoilt) this.terminate(data);
      else this.#reply(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.terminate();
    };
  }

  /**
   * Sends options or a call; the next message waits until the thread is free. A thread that has not replied after
   * `deadline` milliseconds is told to stop; one that has not stopped `grace` milliseconds later is terminated.
   *
   * @throws EdgeError `busy` with the message `late` at the deadline, else what the thread threw.
   */
  ask(
    message: WorkerOptions | Call,
    deadline: number,
    late: string,
    grace = 0,
  ): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const free = Promise.withResolvers<void>();
    let timer = setTimeout(() => {
      reject(new EdgeError("busy", late));
      if (grace === 0) return this.terminate();
      this.stop();
      timer = setTimeout(() => this.terminate(), grace);
    }, deadline);
    this.#settle = (reply) => {
      clearTimeout(timer);
      settle(reply, resolve, reject);
      free.resolve();
    };
    this.#freed = free.promise;
    this.#worker.postMessage(message, givenAway(message));
    return promise;
  }

  /** Settles when the thread has replied or was terminated. */
  get freed(): Promise<void> {
    return this.#freed;
  }

  /** Tells the thread to leave its call unfinished, and reply. */
  stop(): void {
    this.#worker.postMessage(STOP);
  }

  /** Terminates the thread, whatever it is doing, and refuses its call. */
  terminate(reply: Reply = STOPPED): void {
    this.#worker.terminate();
    this.#onDeath();
    this.#reply(reply);
  }

  #reply(reply: Reply): void {
    const settle = this.#settle;
    this.#settle = null;
    settle?.(reply);
  }
}

/** The bytes of whole volumes are transferred, since copying them would hold up the calling thread. */
function givenAway(message: WorkerOptions | Call): Transferable[] {
  if (!("method" in message) || !/Frames$/.test(message.method)) return [];
  const [{ bytes }] = message.args as [InputFile];
  return [bytes.buffer as ArrayBuffer];
}

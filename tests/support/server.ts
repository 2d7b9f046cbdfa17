import config from "../../deno.json" with { type: "json" };
import { TINY } from "./model_package.ts";

const ROOT = new URL("../../", import.meta.url);

/** The variables that the tasks set for every server: how memory is given back. */
const SHIPPED = Object.fromEntries(
  config.tasks["run:net"].command.split(" deno run ")[0]!.split(" ")
    .map((setting) => setting.split(/=(.*)/s, 2)),
);

/** A real server process on a free port of the loopback. */
export class Server implements AsyncDisposable {
  private constructor(
    readonly process: Deno.ChildProcess,
    readonly url: string,
    /** The line that it printed once it listened. */
    readonly startLine: string,
    /** Milliseconds from the start of the process until it listened. */
    readonly readyAfter: number,
  ) {}

  /**
   * Starts an entry point and waits until it listens.
   *
   * @param environment by default `PORT` is a free port and `MODEL` the tiny model.
   * @param deno the program to run it with.
   */
  static async start(
    environment: Record<string, string>,
    entry = "serve",
    deno = Deno.execPath(),
  ): Promise<Server> {
    const started = performance.now();
    const process = new Deno.Command(deno, {
      args: ["run", "--allow-all", `deploy/${entry}.ts`],
      cwd: ROOT,
      env: {
        PORT: "0",
        ...(environment.MODEL === undefined && TINY),
        ...SHIPPED,
        // Its output is not read after the first line.
        LOG: "errors",
        ...environment,
      },
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    let printed = "";
    const reader = process.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`The server stopped: ${printed}`);
      printed += value;
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
      if (url === undefined) continue;
      await reader.cancel();
      return new Server(
        process,
        url,
        printed.trim(),
        performance.now() - started,
      );
    }
  }

  async kill(signal: Deno.Signal = "SIGKILL"): Promise<void> {
    try {
      this.process.kill(signal);
    } catch {
      // It has stopped already.
    }
    await this.process.status;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  request(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
  }

  async json(path: string, init?: RequestInit) {
    const response = await fetch(this.url + path, init);
    const body = await response.json();
    return { status: response.status, body };
  }

  enrol(patient: string, reference: string, body: FormData): Promise<Response> {
    const path = `/v1/patients/${patient}/references/${reference}`;
    return fetch(this.url + path, { method: "PUT", body });
  }

  segment(
    patient: string,
    image: Uint8Array<ArrayBuffer>,
    accept = "application/json",
  ): Promise<Response> {
    return fetch(`${this.url}/v1/patients/${patient}/segmentations`, {
      method: "POST",
      body: image,
      headers: { accept },
    });
  }

  /** Resident memory in bytes. */
  residentMemory(): Promise<number> {
    return this.#memory(/VmRSS:\s+(\d+)/);
  }

  /** The largest resident memory so far, in bytes. */
  peakMemory(): Promise<number> {
    return this.#memory(/VmHWM:\s+(\d+)/);
  }

  async #memory(line: RegExp): Promise<number> {
    const status = await Deno.readTextFile(`/proc/${this.process.pid}/status`);
    return 1024 * Number(line.exec(status)![1]);
  }
}

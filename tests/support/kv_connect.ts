/** The program of a self-hosted KV Connect server: `cargo install denokv`. */
const PROGRAM = Deno.env.get("DENOKV") || "denokv";

/** Whether the program is found; `DENOKV` may name it. */
export async function hasKvConnect(): Promise<boolean> {
  try {
    const command = new Deno.Command(PROGRAM, { args: ["--help"] });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

/** A KV Connect server on the loopback, over a file. */
export class KvConnect implements AsyncDisposable {
  /** The access token, which Deno reads from the environment. */
  readonly environment = { DENO_KV_ACCESS_TOKEN: "an-access-token-for-tests" };
  #process: Deno.ChildProcess;

  private constructor(readonly file: string, readonly address: string) {
    this.#process = this.#spawn();
  }

  get url(): string {
    return `http://${this.address}`;
  }

  static async start(file: string): Promise<KvConnect> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const address = `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
    listener.close();
    const server = new KvConnect(file, address);
    await server.#listens();
    return server;
  }

  async kill(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has stopped already.
    }
    await this.#process.status;
  }

  /** Starts it over the same file, at the same address, once it was killed. */
  async begin(): Promise<void> {
    this.#process = this.#spawn();
    await this.#listens();
  }

  /** Waits until what a killed process had sent is carried out: nothing tells, but each takes milliseconds. */
  settle(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 200));
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.begin();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #spawn(): Deno.ChildProcess {
    return new Deno.Command(PROGRAM, {
      args: ["--sqlite-path", this.file, "serve", "--addr", this.address],
      env: this.environment,
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  async #listens(): Promise<void> {
    let stopped = false;
    this.#process.status.then(() => stopped = true);
    while (!stopped) {
      try {
        const answer = await fetch(this.url);
        return await answer.body?.cancel();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    throw new Error("The KV Connect server stopped while it started.");
  }
}

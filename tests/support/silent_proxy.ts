/** Passes connections on to a port of this machine, and may fall silent on them as a machine that vanished does. */
export class SilentProxy implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  #epoch = 0;

  constructor(readonly port: number) {
    this.#accept().catch(() => {/* It was closed. */});
  }

  get address(): string {
    return `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  /** Passes nothing more on over the connections that are open, and leaves them open; new ones work. */
  fallSilent(): void {
    this.#epoch++;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const one of this.#open) one.close();
    this.#open.clear();
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.port,
      });
      const epoch = this.#epoch;
      for (const [from, to] of [[near, far], [far, near]] as const) {
        this.#open.add(from);
        this.#pass(from, to, epoch)
          .catch(() => {/* One end was closed. */})
          .then(() => this.#close(from, to, epoch));
      }
    }
  }

  async #pass(from: Deno.Conn, to: Deno.Conn, epoch: number): Promise<void> {
    const buffer = new Uint8Array(65_536);
    for (let read; (read = await from.read(buffer)) !== null;) {
      if (epoch !== this.#epoch) return;
      for (let at = 0; at < read;) {
        at += await to.write(buffer.subarray(at, read));
      }
    }
  }

  #close(from: Deno.Conn, to: Deno.Conn, epoch: number): void {
    if (epoch !== this.#epoch) return;
    for (const one of [from, to]) if (this.#open.delete(one)) one.close();
  }
}

import type { Bytes } from "../core/bytes.ts";
import { hexDigest, textDigest } from "../core/digest.ts";

/** Closed: calls pass. Open: none does. Half-open: one probe is running, and decides. */
export type BreakerState = "closed" | "open" | "half-open";

export interface BreakerOptions {
  /** Consecutive failures that open the circuit. */
  failures: number;
  /** Milliseconds that it stays open before one probe may pass. */
  cooldown: number;
}

/** A circuit breaker. Ask `admits`, call `enter`, and end by exactly one of `succeed`, `fail` and `abandon`. */
export class CircuitBreaker {
  #failures = 0;
  #opened = 0;
  #state: BreakerState = "closed";

  /** @param now monotonic milliseconds. */
  constructor(
    private readonly options: BreakerOptions,
    private readonly now: () => number,
  ) {}

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether a call may pass now. */
  get admits(): boolean {
    if (this.#state !== "open") return this.#state === "closed";
    return this.now() - this.#opened >= this.options.cooldown;
  }

  /** A call begins; in an open circuit it is the probe. */
  enter(): void {
    if (this.#state === "open") this.#state = "half-open";
  }

  /** A call was given up by its caller, which says nothing about the host: another probe may pass. */
  abandon(): void {
    if (this.#state === "half-open") this.#state = "open";
  }

  /** A call was answered: the circuit closes. */
  succeed(): void {
    this.#failures = 0;
    this.#state = "closed";
  }

  /** A call was not answered: the circuit opens if it was the probe, or one failure too many in a row. */
  fail(): void {
    this.#failures++;
    if (
      this.#state === "half-open" || this.#failures >= this.options.failures
    ) {
      this.#state = "open";
      this.#opened = this.now();
    }
  }
}

/** An encode host, and whether it may be called. */
export interface Host {
  url: URL;
  breaker: CircuitBreaker;
  /** Until when the host asked not to be called (`Retry-After`), by the clock. */
  restsUntil: number;
}

/**
 * The hosts in a file's order of preference, by rendezvous hashing. Every client sends the same file to the same host
 * as long as that host answers, so that all share its cache; different files spread evenly, and the loss of a host
 * moves only the files of that host.
 *
 * @param file any file; only its sha256 counts.
 */
export async function preferredHosts(
  hosts: Host[],
  file: Bytes,
): Promise<Host[]> {
  if (hosts.length === 1) return hosts;
  const digest = await hexDigest(file);
  const scored = await Promise.all(hosts.map(async (host) => {
    return { host, score: await textDigest(`${digest} ${host.url.href}`) };
  }));
  scored.sort((a, b) => a.score < b.score ? -1 : 1);
  return scored.map(({ host }) => host);
}

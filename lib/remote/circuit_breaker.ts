/** Closed: calls pass. Open: none does. Half-open: one probe is running, and decides. */
export type BreakerState = "closed" | "open" | "half-open";

export interface BreakerOptions {
  /** Consecutive failures that open the circuit. */
  failures: number;
  /** Milliseconds that it stays open before one probe may pass. */
  cooldown: number;
}

/**
 * A circuit breaker. Ask `admits`, announce the call by `enter`, and end it by exactly one of `succeed`, `fail` and
 * `abandon`.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  readonly #now: () => number;
  #failures = 0;
  #opened = 0;
  #state: BreakerState = "closed";

  /** @param now monotonic milliseconds. */
  constructor(options: BreakerOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether a call may pass now. */
  get admits(): boolean {
    if (this.#state !== "open") return this.#state === "closed";
    return this.#now() - this.#opened >= this.#options.cooldown;
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
      this.#state === "half-open" || this.#failures >= this.#options.failures
    ) {
      this.#state = "open";
      this.#opened = this.#now();
    }
  }
}

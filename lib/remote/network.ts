import { type Clock, systemClock } from "./waiting.ts";

/** Network, time and chance, as the clients of other hosts use them; tests replace them. */
export interface Network {
  fetch: typeof fetch;
  clock: Clock;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Milliseconds since 1970. */
  wall: () => number;
}

/** The process's own network, where nothing replaces it. */
export function networkOf({
  fetch: send = fetch,
  clock = systemClock,
  random = Math.random,
  wall = Date.now,
}: Partial<Network>): Network {
  return { fetch: send, clock, random, wall };
}

import type { Bytes } from "../core/bytes.ts";
import { hexDigest } from "../core/digest.ts";
import { type BreakerOptions, CircuitBreaker } from "./circuit_breaker.ts";
import type { Clock } from "./clock.ts";

/** An encode host, and whether it may be called. */
export interface Host {
  url: URL;
  breaker: CircuitBreaker;
  /** Until when the host asked not to be called (`Retry-After`), by the clock. */
  restsUntil: number;
}

export function createHosts(
  urls: URL[],
  options: BreakerOptions,
  clock: Clock,
): Host[] {
  return urls.map((url) => ({
    url,
    breaker: new CircuitBreaker(options, clock.now),
    restsUntil: 0,
  }));
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
    const text = new TextEncoder().encode(`${digest} ${host.url.href}`);
    return { host, score: await hexDigest(text) };
  }));
  scored.sort((a, b) => a.score < b.score ? -1 : 1);
  return scored.map(({ host }) => host);
}

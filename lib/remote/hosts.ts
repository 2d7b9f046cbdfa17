import { hexDigest } from "../core/digest.ts";
import { Breaker, type BreakerOptions } from "./circuit_breaker.ts";
import type { Clock } from "./clock.ts";

/** An encode host: where it is, and whether it is worth a try. */
export interface Host {
  url: URL;
  breaker: Breaker;
  /** The clock's time until which the host asked to be left alone. */
  restsUntil: number;
}

export function createHosts(
  urls: URL[],
  options: BreakerOptions,
  clock: Clock,
): Host[] {
  return urls.map((url) => ({
    url,
    breaker: new Breaker(options, clock.now),
    restsUntil: 0,
  }));
}

/**
 * The hosts in the order in which a file prefers them, by rendezvous hashing: every client sends the
 * same file to the same host as long as that host answers, so that its cache and its single flight
 * serve all clients, while different files spread evenly and a lost host moves its own files only.
 *
 * @param file any file; only its sha256 counts.
 */
export async function preferredHosts(
  hosts: Host[],
  file: Uint8Array<ArrayBuffer>,
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

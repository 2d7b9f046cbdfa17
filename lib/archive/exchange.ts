import { reasonOf } from "../engine/work.ts";
import { type Network, networkOf } from "../remote/network.ts";
import { backoff, type BackoffOptions, retryAfter } from "../remote/waiting.ts";
import { failed, unavailable } from "./faults.ts";

export interface ExchangeOptions {
  /** The root of the archive's DICOMweb services; its path ends in a slash. No other address is ever asked. */
  url: URL;
  /** Value of the header `authorization`. */
  authorization?: string | undefined;
  /** Milliseconds that one attempt may take, the answer's body included. */
  timeout: number;
  /** Attempts of a request that changes nothing. */
  tries: number;
  backoff: BackoffOptions;
}

interface Request {
  /** Segments below the root. */
  path: string[];
  query?: Record<string, string>;
  /** Media types of the answer. */
  accept: string;
  /** Sent by POST, and once. */
  send?: { body: BodyInit; type: string };
}

/** Statuses after which another attempt may succeed. */
const TRANSIENT = new Set([429, 502, 503, 504]);

/** Sends requests to the archive. */
export function createExchange(
  options: ExchangeOptions,
  network: Partial<Network> = {},
) {
  const { fetch: send, clock, random, wall } = networkOf(network);
  const { url, authorization, timeout, tries } = options;

  const addressOf = ({ path, query = {} }: Request): URL => {
    const target = new URL(path.map(encodeURIComponent).join("/"), url);
    for (const [name, value] of Object.entries(query)) {
      target.searchParams.append(name, value);
    }
    return target;
  };

  /** One attempt; null with the milliseconds to wait at least, where another may succeed. */
  const attempt = async <T>(
    request: Request,
    signal: AbortSignal,
    read: (response: Response) => Promise<T>,
  ): Promise<{ value: T } | { wait: number }> => {
    const { accept, send: sent } = request;
    const response = await send(addressOf(request), {
      method: sent === undefined ? "GET" : "POST",
      headers: {
        accept,
        ...(authorization !== undefined && { authorization }),
        ...(sent && { "content-type": sent.type }),
      },
      ...(sent && { body: sent.body }),
      redirect: "manual",
      signal,
    });
    const { status, headers } = response;
    if (TRANSIENT.has(status)) {
      await response.body?.cancel();
      return { wait: retryAfter(headers.get("retry-after"), wall()) };
    }
    if (status >= 300 && status < 400) {
      await response.body?.cancel();
      throw failed("it redirects to another address, which is not followed");
    }
    if (status === 401 || status === 403) {
      await response.body?.cancel();
      throw failed("it refuses this service's credentials");
    }
    return { value: await read(response) };
  };

  return {
    /**
     * Sends a request and reads its answer; a request that changes nothing is sent again where the archive is busy or
     * the connection breaks.
     *
     * @param read takes any answer but a redirection and a refusal of the credentials; the archive's time limit holds
     * for it too.
     * @throws EdgeError `archive-unavailable` or `archive-failed`, what `read` throws, and the signal's reason.
     */
    async ask<T>(
      request: Request,
      signal: AbortSignal,
      read: (response: Response) => Promise<T>,
    ): Promise<T> {
      const most = request.send === undefined ? tries : 1;
      for (let round = 0;; round++) {
        if (signal.aborted) throw reasonOf(signal);
        const late = AbortSignal.timeout(timeout);
        let wait = 0;
        try {
          const answer = await attempt(
            request,
            AbortSignal.any([signal, late]),
            read,
          );
          if ("value" in answer) return answer.value;
          wait = answer.wait;
        } catch (error) {
          if (signal.aborted) throw reasonOf(signal);
          if (late.aborted) {
            throw unavailable(`it did not answer within ${timeout / 1000} s`);
          }
          if (!isLost(error)) throw error;
        }
        if (round + 1 >= most || wait > timeout) {
          throw unavailable("it is busy, or the connection broke");
        }
        const pause = wait + backoff(round, options.backoff, random);
        await clock.sleep(pause, signal);
      }
    },
  };
}

/** A connection that was refused, or broke. */
function isLost(error: unknown): boolean {
  return error instanceof TypeError || error instanceof Deno.errors.Http;
}

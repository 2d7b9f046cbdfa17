import type { Bytes } from "../core/bytes.ts";
import { EdgeError } from "../core/errors.ts";
import type { EmbeddingFile, InputFile } from "../engine/engine.ts";
import { reasonOf, requireWanted, type Work } from "../engine/work.ts";
import { EMBEDDING_MEDIA_TYPE } from "../format/embedding_file.ts";
import { sniffMediaType } from "../image/media_type.ts";
import { imageProblem, readBody } from "./read_answer.ts";
import { type Network, networkOf } from "./network.ts";
import { backoff, type BackoffOptions, retryAfter } from "./waiting.ts";
import {
  type BreakerOptions,
  CircuitBreaker,
  type Host,
  preferredHosts,
} from "./hosts.ts";

export interface EncodeClientOptions {
  /** Addresses of the encode hosts; their paths end in a slash. */
  urls: URL[];
  /** Sent as the bearer token (RFC 6750), if there is one. */
  token?: string | undefined;
  /** Attempts for one image, all hosts together. */
  tries: number;
  /** Milliseconds that one attempt may take, the answer's body included. */
  timeout: number;
  /** Milliseconds that all attempts and waits together may take. */
  deadline: number;
  /** Longest answer accepted, bytes. */
  maxBytes: number;
  backoff: BackoffOptions;
  breaker: BreakerOptions;
}

/** An image to encode. */
interface Job {
  /** Names the tenant, whom hosts keep apart, too; its signal ends the attempts. */
  work: Work;
  input: InputFile;
  /** Id of the model. */
  model: string;
  /** Parses a host's answer; throws when it is not an embedding of the model. */
  check: (answer: Bytes) => Promise<EmbeddingFile>;
}

/** Encodes on other hosts. */
export type EncodeClient = ReturnType<typeof createEncodeClient>;

/** Statuses after which another attempt, or another host, may succeed. */
const TRANSIENT = new Set([429, 500, 502, 503, 504]);

export function createEncodeClient(
  options: EncodeClientOptions,
  network: Partial<Network> = {},
) {
  const { fetch: send, clock, random, wall } = networkOf(network);
  const hosts = options.urls.map((url): Host => ({
    url,
    breaker: new CircuitBreaker(options.breaker, clock.now),
    restsUntil: 0,
  }));

  /** Runs an exchange, which is aborted after `ms` milliseconds. */
  const abortAfter = async <T>(
    ms: number,
    exchange: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const late = new AbortController();
    const done = new AbortController();
    const timer = clock.sleep(ms, done.signal).then(() => late.abort());
    try {
      return await exchange(late.signal);
    } finally {
      done.abort();
      await timer;
    }
  };

  /** One exchange: an embedding file, or the milliseconds for which the host asks not to be called. */
  const ask = async (
    { url }: Host,
    { input: { bytes, mediaType, frame }, model, work }: Job,
    signal: AbortSignal,
  ): Promise<Bytes | number> => {
    const target = new URL("v1/embeddings", url);
    target.searchParams.set("model", model);
    if (frame !== undefined) target.searchParams.set("frame", `${frame}`);
    // What the sender declared may be a guess, or a type that the host reads otherwise.
    const type = mediaType === EMBEDDING_MEDIA_TYPE
      ? mediaType
      : sniffMediaType(bytes);
    const response = await send(target, {
      method: "POST",
      body: bytes as Bytes,
      headers: {
        accept: EMBEDDING_MEDIA_TYPE,
        ...(type && { "content-type": type }),
        ...(options.token && { authorization: `Bearer ${options.token}` }),
        "x-tenant": work.tenant,
      },
      redirect: "manual",
      signal,
    });
    if (response.status === 200 || response.status === 201) {
      return await readBody(response, options.maxBytes) ?? 0;
    }
    const refusal = await imageProblem(response);
    if (refusal !== null) throw refusal;
    return TRANSIENT.has(response.status)
      ? retryAfter(response.headers.get("retry-after"), wall())
      : 0;
  };

  /** One attempt: the embedding, or null when the host failed; throws errors that every host would repeat. */
  const attempt = async (
    host: Host,
    job: Job,
    ms: number,
  ): Promise<EmbeddingFile | null> => {
    host.breaker.enter();
    try {
      const answer = await abortAfter(
        ms,
        (signal) => ask(host, job, AbortSignal.any([signal, job.work.signal])),
      );
      if (typeof answer !== "number") {
        const made = await job.check(answer);
        host.breaker.succeed();
        return made;
      }
      host.restsUntil = clock.now() + answer;
    } catch (error) {
      if (job.work.signal.aborted) {
        host.breaker.abandon();
        throw reasonOf(job.work.signal);
      }
      if (!isFaultOfHost(error)) {
        host.breaker.succeed();
        throw error;
      }
    }
    host.breaker.fail();
    return null;
  };

  return {
    /** Whether any host may be called. */
    get available() {
      return hosts.some(({ breaker }) => breaker.admits);
    },

    /**
     * The embedding of an image file, made on the first host that answers.
     *
     * @throws EdgeError the host's own when it refuses the image; `encode-unavailable` when no host answers.
     */
    async embed(job: Job): Promise<EmbeddingFile> {
      const { work, input } = job;
      const end = clock.now() + options.deadline;
      const preferred = await preferredHosts(hosts, input.bytes as Bytes);
      const tried = new Set<Host>();
      let round = 0;
      for (let tries = 0; tries < options.tries; tries++) {
        requireWanted(work);
        const now = clock.now();
        const [host] = preferred
          .filter(({ breaker }) => breaker.admits)
          .sort((a, b) =>
            readyAt(a, now) - readyAt(b, now) ||
            Number(tried.has(a)) - Number(tried.has(b))
          );
        if (host === undefined) break;
        let pause = readyAt(host, now) - now;
        if (tried.has(host)) {
          tried.clear();
          pause += backoff(round++, options.backoff, random);
        }
        if (clock.now() + pause >= end) break;
        if (pause > 0) {
          await clock.sleep(pause, work.signal);
          if (!host.breaker.admits) continue;
        }
        tried.add(host);
        const ms = Math.min(options.timeout, end - clock.now());
        const made = await attempt(host, job, ms);
        if (made !== null) return made;
      }
      throw new EdgeError(
        "encode-unavailable",
        "No encode host answers; try again shortly, or send the image's embedding.",
      );
    },
  };
}

/** When a host may be called: now, or at the end of the pause that it asked for. */
function readyAt({ restsUntil }: Host, now: number): number {
  return Math.max(restsUntil, now);
}

/** A broken connection, a timeout, or an answer that is not an embedding of the model asked for. */
function isFaultOfHost(error: unknown): boolean {
  if (error instanceof EdgeError) {
    return error.code === "invalid-input" || error.code === "model-mismatch";
  }
  return error instanceof TypeError || error instanceof DOMException ||
    error instanceof Deno.errors.Http;
}

import type { Context, MiddlewareHandler } from "hono";
import { EdgeError } from "../../lib/core/errors.ts";
import type { AnswerKey } from "../../lib/store/answers/answer_store.ts";
import { Fingerprint } from "../body/fingerprint.ts";
import { bytesOf } from "../body/multipart.ts";
import { invalid } from "../contract/problems.ts";
import { callerOf, type Env } from "../router.ts";
import type { Services } from "../services.ts";
import { decodeName } from "./routes.ts";

const HEADER = "idempotency-key";

/** Methods whose requests are not safe to send again as they are. */
const METHODS = ["POST", "PUT"];

/** The largest answer that is kept, bytes; a larger one is made again. */
const MAX_ANSWER_BYTES = 4_000_000;

/** How long a key stays taken when the process of its request ends, milliseconds. */
const LEASE_MS = 30_000;

/** Seconds after which a key that is taken is worth another try. */
const RETRY_AFTER = 2;

/** Headers that belong to one exchange and not to the answer. */
const OF_EXCHANGE = /^(x-request-id|ratelimit.*|access-control-.*|date)$/;

/**
 * Gives the first answer again when a request is sent again under the same `Idempotency-Key`
 * (draft-ietf-httpapi-idempotency-key-header-07), so that a caller whose connection broke may repeat an enrolment. The
 * draft has 422 for another request under the same key; here it is 409, as while the first is still running. Only
 * answers of success are kept: what was refused changed nothing, and may succeed when it is sent again.
 */
export function repeatAnswers(
  { answers }: Services,
): MiddlewareHandler<Env> {
  return async (c, next) => {
    const sent = c.req.header(HEADER);
    if (sent === undefined || !METHODS.includes(c.req.method)) {
      return await next();
    }
    const whose = whoseAnswer(c, sent);
    if (await repeat(c, whose)) return;
    const holder = crypto.randomUUID();
    const claim = () => answers.claim(whose, holder, LEASE_MS);
    if (!await claim()) {
      throw new EdgeError(
        "conflict",
        "The first request under this Idempotency-Key is still running; try again when it has ended.",
        { retryAfter: RETRY_AFTER },
      );
    }
    let renewed: Promise<unknown> = Promise.resolve();
    const renewal = setInterval(() => {
      renewed = claim().catch(() => {/* The next one will do. */});
    }, LEASE_MS / 3);
    try {
      // The first may have ended since it was looked for.
      if (!await repeat(c, whose)) await answer(c, whose, next);
    } finally {
      clearInterval(renewal);
      await renewed;
      await answers.release(whose, holder)
        .catch(() => {/* It ends by itself. */});
    }
  };

  /** Answers from what is kept; false where nothing is. */
  async function repeat(c: Context<Env>, whose: AnswerKey): Promise<boolean> {
    const kept = await answers.find(whose);
    if (kept === null) return false;
    const fingerprint = new Fingerprint(c);
    for await (const bytes of bytesOf(c)) fingerprint.update(bytes);
    if (fingerprint.digest() !== kept.request) {
      throw new EdgeError(
        "key-reused",
        "This Idempotency-Key was used with another request; take a new key for each request.",
      );
    }
    const body = kept.body.length === 0 ? null : kept.body;
    const { status, headers } = kept;
    c.res = new Response(body, { status, headers });
    c.header("idempotent-replayed", "true");
    return true;
  }

  async function answer(
    c: Context<Env>,
    whose: AnswerKey,
    next: () => Promise<void>,
  ): Promise<void> {
    const fingerprint = new Fingerprint(c);
    const { body: sent } = c.req.raw;
    let isWhole = sent === null;
    if (sent !== null) {
      const read = async function* () {
        for await (const bytes of sent) {
          fingerprint.update(bytes);
          yield bytes;
        }
        isWhole = true;
      };
      c.req.raw = new Request(c.req.raw, {
        body: ReadableStream.from(read()),
        duplex: "half",
      } as RequestInit);
    }
    await next();
    if (!c.res.ok) return;
    // A route may leave a body unread, such as the empty one that every POST over HTTP has.
    if (!c.req.raw.bodyUsed) {
      try {
        for await (const _ of bytesOf(c));
      } catch {
        // What cannot be read whole is not kept.
      }
    }
    if (!isWhole) return;
    const { status, headers } = c.res;
    const body = new Uint8Array(await c.res.arrayBuffer());
    c.res = new Response(body.length === 0 ? null : body, { status, headers });
    if (body.length > MAX_ANSWER_BYTES) return;
    await answers.keep(whose, {
      request: fingerprint.digest(),
      status,
      headers: [...headers].filter(([name]) => !OF_EXCHANGE.test(name)),
      body,
    });
  }
}

/** Whether an operation of the OpenAPI document takes a key: `post` at `/v1/masks`. */
export function takesIdempotencyKey(method: string, path: string): boolean {
  return METHODS.includes(method.toUpperCase()) && path.startsWith("/v1/") &&
    !STREAMS.test(path);
}

/** Answers that are streams: their requests are continued, not repeated. */
const STREAMS =
  /^\/v1\/(patients\/[^/]+\/series|enrolments|uploads(\/[^/]+)?)$/;
const PATIENT = /^\/v1\/patients\/([^/]+)/;

/** @throws EdgeError `validation` for a key that cannot be kept, or a request that takes none. */
function whoseAnswer(c: Context<Env>, sent: string): AnswerKey {
  const refuse = (message: string) =>
    invalid("header", [{ path: [HEADER], message }]);
  if (STREAMS.test(c.req.path)) {
    throw refuse(
      "is not taken here: continue a series by its cursor, and an upload where it is",
    );
  }
  // A string of Structured Fields (RFC 9651 §3.3.3), or as most clients send it.
  const key = /^"(.*)"$/.exec(sent)?.[1] ?? sent;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw refuse("must be 1 to 255 visible ASCII characters");
  }
  const { tenant, caller } = callerOf(c);
  const [, patient] = PATIENT.exec(c.req.path) ?? [];
  if (patient === undefined) return { tenant, caller, patient: null, key };
  // A name that cannot be decoded is refused by its route.
  return { tenant, caller, patient: decodeName(patient), key };
}

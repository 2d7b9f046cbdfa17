import { Readable } from "node:stream";
import { createGunzip, createInflate, type Gunzip } from "node:zlib";
import type { MiddlewareHandler } from "hono";
import { EdgeError } from "../../lib/core/errors.ts";

/** The content codings that a request's body may have, RFC 9110 §8.4.1. */
const DECODERS = new Map<string, () => Gunzip>([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
]);

/** Other codings of the registry (RFC 9110 §16.6.1); what else stands there is not repeated. */
const OTHERS = ["br", "zstd", "compress", "dcb", "dcz"];

const ACCEPTED = "gzip, deflate";

/**
 * Decodes bodies that were sent compressed, as they arrive. Limits behind this one count decoded bytes, and no more is
 * decoded than they take, so a small body cannot become a large one.
 *
 * @throws EdgeError `unsupported-type` for another coding, with the codings that are accepted (RFC 9110 §15.5.16).
 */
export function decodeBodies(): MiddlewareHandler {
  return async (c, next) => {
    const { body } = c.req.raw;
    const coding = c.req.header("content-encoding")?.trim().toLowerCase();
    if (body === null || !coding || coding === "identity") return await next();
    const decoder = DECODERS.get(coding);
    if (decoder === undefined) {
      c.header("accept-encoding", ACCEPTED);
      const got = OTHERS.includes(coding) ? coding : "another";
      throw new EdgeError(
        "unsupported-type",
        `Cannot read the body: wanted it as it is, or in the content coding gzip or deflate; got ${got}.`,
      );
    }
    const headers = new Headers(c.req.raw.headers);
    headers.delete("content-encoding");
    headers.delete("content-length");
    c.req.raw = new Request(c.req.raw, {
      headers,
      body: ReadableStream.from(decode(body, decoder())),
      duplex: "half",
    } as RequestInit);
    await next();
  };
}

/** The bytes of a stream, decoded as they are asked for. */
async function* decode(
  body: ReadableStream<Uint8Array>,
  decoder: Gunzip,
): AsyncGenerator<Uint8Array> {
  let failure: unknown;
  const source = Readable.from(body).on("error", (error) => {
    failure = error;
    decoder.destroy(error);
  });
  try {
    for await (const chunk of source.pipe(decoder)) yield chunk;
  } catch {
    if (failure !== undefined) throw failure;
    throw new EdgeError(
      "malformed-request",
      "Cannot read the body: its content coding is damaged or cut short.",
    );
  }
}

import { equal, match, ok, rejects } from "node:assert/strict";
import {
  readEmbedding,
  writeEmbedding,
} from "../../../lib/format/embedding_file.ts";
import { loadPackage } from "../../../lib/model/package.ts";
import { createEncodeClient } from "../../../lib/remote/encode_client.ts";
import { workOf } from "../../support/work.ts";

/** What a host sends down a real connection, byte for byte, before it closes it. */
type Sent = (connection: Deno.TcpConn) => Promise<unknown>;

/** A host on a socket of its own that reads a request's head and then does as it is told. */
function host(send: Sent) {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const serving = (async () => {
    for await (const connection of listener) {
      const exchange = async () => {
        await connection.read(new Uint8Array(65_536));
        await send(connection);
      };
      await exchange().catch(() => {/* The client has gone. */});
      try {
        connection.close();
      } catch {
        // It was closed by what was sent.
      }
    }
  })();
  return {
    url: new URL(`http://127.0.0.1:${listener.addr.port}/`),
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

const nano = new URL("../../../models/nano/", import.meta.url);
const { geometry } = await loadPackage(nano, []);
const whole = (model = geometry.digest) =>
  writeEmbedding({
    model,
    image: { width: 8, height: 8 },
    tensors: Object.fromEntries(
      Object.entries(geometry.tensors).map(([name, dims]) => {
        const length = dims.reduce((a, b) => a * b, 1);
        return [name, { dims, data: new Float32Array(length) }];
      }),
    ),
  });

const text = (content: string) => new TextEncoder().encode(content);
const head = (length: number | string, status = "201 Created", more = "") =>
  text(
    `HTTP/1.1 ${status}\r\ncontent-type: application/x-safetensors\r\ncontent-length: ${length}\r\n${more}\r\n`,
  );
const answering = (...parts: Uint8Array[]): Sent => async (connection) => {
  const writer = connection.writable.getWriter();
  for (const part of parts) await writer.write(part);
  await writer.close();
};

const good = answering(head(whole().length), whole());
const MAX_BYTES = whole().length + 1000;

const BROKEN: Record<string, Sent> = {
  "closes without an answer": (connection) =>
    Promise.resolve(connection.close()),
  "answers no HTTP": answering(text("SSH-2.0-nonsense\r\n\r\n")),
  "stops inside its head": answering(text("HTTP/1.1 201 Cre")),
  "stops inside the tensors": answering(
    head(whole().length),
    whole().subarray(0, 5000),
  ),
  "states fewer bytes than come": answering(head(5000), whole()),
  "states more bytes than may come": answering(head(2 ** 40), whole()),
  "states a length that is none": answering(head("many"), whole()),
  "sends without end": async (connection) => {
    const writer = connection.writable.getWriter();
    await writer.write(text("HTTP/1.1 201 Created\r\n\r\n"));
    for (;;) await writer.write(new Uint8Array(65_536));
  },
  "breaks its chunks off": answering(
    text(
      "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\nffff\r\nabc",
    ),
  ),
  "falls silent": () => new Promise((resolve) => setTimeout(resolve, 3000)),
  "falls silent inside the tensors": async (connection) => {
    await connection.write(head(whole().length));
    await connection.write(whole().subarray(0, 5000));
    await new Promise((resolve) => setTimeout(resolve, 3000));
  },
  "answers for another model": answering(
    head(whole().length),
    whole("0".repeat(64)),
  ),
  "answers with an empty body": answering(head(0)),
  "fails": answering(head(2, "500 Internal Server Error"), text("{}")),
  "is overloaded": answering(
    head(2, "503 Busy", "retry-after: 9999\r\n"),
    text("{}"),
  ),
};

const embed = (urls: URL[]) =>
  createEncodeClient({
    urls,
    tries: 4,
    timeout: 1000,
    deadline: 10_000,
    maxBytes: MAX_BYTES,
    backoff: { base: 10, most: 50 },
    breaker: { failures: 9, cooldown: 100 },
  }).embed({
    work: workOf("t"),
    input: { bytes: text("an image"), mediaType: "image/png" },
    model: "nano",
    check: (bytes) =>
      Promise.try(() => {
        const { image } = readEmbedding(bytes, geometry, 1e6);
        return { bytes, image };
      }),
  });

for (const [name, send] of Object.entries(BROKEN)) {
  Deno.test(`an encode host that ${name} is replaced by another, and alone is reported as unavailable`, async () => {
    await using broken = host(send);
    await using other = host(good);
    equal((await embed([broken.url, other.url])).bytes.length, whole().length);
    await rejects(embed([broken.url]), (error: Error & { code: string }) => {
      equal(error.code, "encode-unavailable", error.message);
      match(error.message, /^(No|The) encode host/);
      ok(!error.message.includes("127.0.0.1"));
      return true;
    });
  });
}

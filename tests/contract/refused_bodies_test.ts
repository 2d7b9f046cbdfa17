import { match } from "node:assert/strict";
import { openService } from "../support/service.ts";

/** More than a socket holds that nobody reads, and more than a JSON body may have. */
const LENGTH = 24_000_000;
const PATIENCE_MS = 20_000;

/** Sends all of a request before it reads a byte of the answer, as many clients do. */
async function sendFirst(
  port: number,
  head: string[],
  body: Uint8Array,
): Promise<string> {
  using connection = await Deno.connect({ port });
  const timer = setTimeout(() => connection.close(), PATIENCE_MS);
  try {
    const text = [...head, "host: localhost", "", ""].join("\r\n");
    const parts = [new TextEncoder().encode(text), body];
    const stream = new Blob(parts as BlobPart[]).stream();
    await stream.pipeTo(connection.writable, { preventClose: true });
    const answer = new Uint8Array(1000);
    const length = await connection.read(answer);
    return new TextDecoder().decode(answer.subarray(0, length ?? 0));
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("a refused body is taken off the line, so that its sender gets to read the refusal", async () => {
  await using service = await openService();
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    service.app.fetch,
  );
  const { port } = server.addr;
  const body = new Uint8Array(LENGTH).fill(0x20);
  const post = (path: string, type: string) => [
    `POST ${path} HTTP/1.1`,
    `content-type: ${type}`,
  ];
  const length = `content-length: ${LENGTH}`;
  const size = LENGTH.toString(16);
  const chunk = new TextEncoder().encode(`${size}\r\n`);
  const end = new TextEncoder().encode("\r\n0\r\n\r\n");
  const chunked = new Uint8Array([...chunk, ...body, ...end]);
  const json = post("/v1/masks", "application/json");
  match(await sendFirst(port, [...json, length], body), /^HTTP\/1.1 413/);
  match(
    await sendFirst(port, [...json, "transfer-encoding: chunked"], chunked),
    /^HTTP\/1.1 413/,
  );
  const text = post("/v1/embeddings", "image/png");
  match(await sendFirst(port, [...text, length], body), /^HTTP\/1.1 415/);
});

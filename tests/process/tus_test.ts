import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Upload } from "tus-js-client";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { postJson } from "../support/requests.ts";
import { Server } from "../support/server.ts";

/** Bytes that a connection lets through before it breaks. */
const CUT_AFTER = 2_500_000;

/** Passes connections on to a server, and breaks the first ones in the middle of what they send. */
function openBrokenLine(target: URL, cuts: number) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let broken = 0;
  const pass = async (client: Deno.Conn) => {
    const server = await Deno.connect({
      hostname: target.hostname,
      port: Number(target.port),
    });
    const close = () => {
      for (const end of [client, server]) {
        try {
          end.close();
        } catch { /* It is closed. */ }
      }
    };
    const back = server.readable.pipeTo(client.writable).catch(() => {});
    const writer = server.writable.getWriter();
    let sent = 0;
    try {
      for await (const part of client.readable) {
        await writer.write(part);
        sent += part.length;
        if (sent > CUT_AFTER && broken < cuts) {
          broken++;
          break;
        }
      }
    } catch { /* The other end is gone. */ }
    close();
    await back;
  };
  const running: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const client of listener) running.push(pass(client));
  })();
  return {
    url: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    broken: () => broken,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting.catch(() => {});
      await Promise.all(running);
    },
  };
}

Deno.test({
  name:
    "a picture over 5 MB is uploaded by tus-js-client over a line that breaks three times, and then encoded",
  // The client's sockets end with their server.
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => {
    await using server = await Server.start({ KV_PATH: ":memory:" });
    await using line = openBrokenLine(new URL(server.url), 3);
    const side = 1600;
    const noise = new Uint8Array(side * side * 3);
    for (let at = 0; at < noise.length; at += 65_536) {
      crypto.getRandomValues(noise.subarray(at, at + 65_536));
    }
    const image = encodePng({
      width: side,
      height: side,
      channels: 3,
      data: noise,
    });
    ok(image.length > 5_000_000);
    const offsets: number[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const upload = new Upload(Buffer.from(image), {
      endpoint: `${line.url}/v1/uploads`,
      retryDelays: [50, 50, 50, 50, 50],
      metadata: { filename: "noise.png" },
      uploadSize: image.length,
      onError: reject,
      onSuccess: () => resolve(upload.url!),
      onAfterResponse: (_, response) => {
        const offset = response.getHeader("upload-offset");
        if (offset !== undefined) offsets.push(Number(offset));
      },
    });
    upload.start();
    const id = (await promise).split("/").at(-1)!;
    equal(line.broken(), 3);
    // What came before each break was kept.
    deepEqual(offsets, offsets.toSorted((a, b) => a - b));
    ok(
      offsets.filter((offset) => offset > 0 && offset < image.length).length >
        0,
    );

    const asked = {
      request: (path: string, init?: RequestInit) =>
        fetch(`${server.url}${path}`, init),
    };
    const answer = await postJson(asked, "/v1/embeddings", {
      image: { upload: id },
    });
    const made = await answer.json();
    equal(answer.status, 201, JSON.stringify(made));
    deepEqual(made.image, { width: side, height: side });
    const direct = await fetch(`${server.url}/v1/embeddings`, {
      method: "POST",
      body: image,
    });
    equal((await direct.json()).id, made.id);
  },
});

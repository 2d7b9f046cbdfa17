import { equal, ok } from "node:assert/strict";
import { mintKey } from "../../lib/access/api_keys.ts";
import { DEFAULT_TENANT, SCOPES } from "../../lib/access/caller.ts";
import { files, form } from "../support/requests.ts";
import { Server } from "../support/server.ts";

const CALLS = 6;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("six calls that one caller left behind delay the next caller by at most one", async () => {
  const [leaver, next] = ["leaver", "next"].map((name) =>
    mintKey(name, DEFAULT_TENANT, SCOPES)
  );
  await using server = await Server.start({
    KV_PATH: ":memory:",
    MODEL: "nano",
    WORKERS: "1",
    API_KEYS: [leaver!.entry, next!.entry].join(),
  });
  const headers = { "x-api-key": next!.secret };
  const metric = async (name: string) => {
    const text = await (await server.request("/metrics", { headers })).text();
    const line = text.split("\n").find((line) => line.startsWith(name));
    return Number(line?.split(" ").at(-1) ?? 0);
  };
  const segmented = () =>
    metric('p2sam_engine_seconds_count{operation="segment"');
  const enrolled = await server.request("/v1/patients/p/references/r", {
    method: "PUT",
    body: form({ image: files.image, mask: files.mask }),
    headers,
  });
  equal(enrolled.status, 201);
  await enrolled.body?.cancel();

  /** Sends a whole image in two pieces, after which Deno does not tell of a caller that leaves. */
  const send = async () => {
    const { hostname, port } = new URL(server.url);
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode(
      "POST /v1/patients/p/segmentations HTTP/1.1\r\nhost: 127.0.0.1\r\n" +
        `x-api-key: ${leaver!.secret}\r\ncontent-type: image/png\r\n` +
        `content-length: ${files.next.length}\r\n\r\n`,
    ));
    await writer.write(files.next.slice(0, 1000));
    await pause(50);
    await writer.write(files.next.slice(1000));
    return connection;
  };
  const before = await segmented();
  const left = await Promise.all(Array.from({ length: CALLS }, send));
  for (let polls = 0; await metric("p2sam_queue_waiting") < 3; polls++) {
    ok(polls < 1000, "none waits");
    await pause(20);
  }
  for (const connection of left) connection.close();

  const already = await segmented() - before;
  const answer = await server.request("/v1/patients/p/segmentations", {
    method: "POST",
    body: files.next,
    headers,
  });
  equal(answer.status, 200);
  await answer.body?.cancel();
  const meanwhile = await segmented() - before - already - 1;
  ok(already < CALLS - 2, `${already} were done before the next caller came`);
  // The one in progress, and one that was taken as it ended.
  ok(meanwhile <= 1, `${meanwhile} of the left ones went first`);
});

import { deepEqual, equal, match } from "node:assert/strict";
import { mintKey } from "../../lib/access/api_keys.ts";
import { runEntry } from "../support/entry.ts";
import { Server } from "../support/server.ts";

Deno.test("every entry point refuses to be open to others, in one line", async () => {
  const edge = { ENCODE_URL: "http://127.0.0.1:9219/" };
  const environments: Record<string, Record<string, string>> = {
    serve: { HOST: "0.0.0.0" },
    edge: { ...edge, HOST: "0.0.0.0" },
    encode: { HOST: "0.0.0.0" },
    function: { FUNCTIONS: "segment", DENO_SERVE_ADDRESS: "tcp:0.0.0.0:0" },
  };
  await Promise.all(
    Object.entries(environments).map(async ([entry, environment]) => {
      const { code, out, error } = await runEntry(entry, [], environment);
      equal(code, 1, entry);
      equal(out, "", entry);
      match(
        error,
        /^error: HOST 0\.0\.0\.0 is reachable by others, [^\n]*$/,
        entry,
      );
    }),
  );
});

Deno.test("a server takes only the keys that its environment names", async () => {
  const { secret, entry } = mintKey("one", "b", ["read"]);
  await using server = await Server.start({
    KV_PATH: ":memory:",
    API_KEYS: entry,
    HOST: "127.0.0.1",
  });
  const statusOf = async (headers: HeadersInit) => {
    const answer = await server.request("/v1/patients/p", { headers });
    await answer.body?.cancel();
    return answer.status;
  };
  deepEqual(
    [await statusOf({}), await statusOf({ "x-api-key": secret })],
    [401, 404],
  );
});

Deno.test("a server without keys answers only requests to this machine's names", async () => {
  await using server = await Server.start({ KV_PATH: ":memory:" });
  const { port } = new URL(server.url);
  /** Asks under another host name, as a page does after DNS rebinding. */
  const ask = async (host: string) => {
    using connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: Number(port),
    });
    const request =
      `GET /v1/patients/p HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const text = await new Response(connection.readable).text();
    return Number(text.split(" ")[1]);
  };
  equal(await ask(`127.0.0.1:${port}`), 404);
  equal(await ask(`localhost:${port}`), 404);
  equal(await ask(`evil.example:${port}`), 403);
  equal(await ask(`127.0.0.1.evil.example:${port}`), 403);
});

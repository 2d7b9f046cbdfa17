import { equal, ok } from "node:assert/strict";
import { files, form } from "../support/requests.ts";
import { Server } from "../support/server.ts";

Deno.test("a server that is told to stop ends running work or refuses it, and is gone within 5 s", async () => {
  await using server = await Server.start({
    MODEL: "nano",
    KV_PATH: ":memory:",
    THREADS: "1",
  });
  const enrolled = form({ image: files.image, mask: files.mask });
  equal((await server.enrol("p", "r", enrolled)).status, 201);
  // More than four seconds of work.
  const statuses = Array.from(
    { length: 24 },
    async () => (await server.segment("p", files.next)).status,
  );
  await Promise.race(statuses);
  server.process.kill("SIGTERM");
  const told = performance.now();
  const { code } = await server.process.status;
  const gone = performance.now() - told;
  equal(code, 0);
  // Not a speed: the limit after which hosts kill.
  ok(gone < 5000, `it took ${gone} ms`);
  const seen = new Set(await Promise.all(statuses));
  ok(seen.has(200) && [...seen].every((status) => [200, 503].includes(status)));
});

import { equal, ok } from "node:assert/strict";
import { files, form } from "../support/requests.ts";
import { Server } from "../support/server.ts";

Deno.test("a stopping server ends running work or refuses it, and exits within 5 s", async () => {
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
  const stopped = performance.now();
  const { code } = await server.process.status;
  const took = performance.now() - stopped;
  equal(code, 0);
  // Hosts kill a process after this time: a limit, not a speed.
  ok(took < 5000, `it took ${took} ms`);
  const seen = new Set(await Promise.all(statuses));
  ok(seen.has(200) && [...seen].every((status) => [200, 503].includes(status)));
});

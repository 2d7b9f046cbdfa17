import { deepEqual, equal, ok } from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { EMBEDDED_MODELS } from "../../deploy/config.ts";
import { createApp } from "../../functions/app.ts";
import { createCatalogue } from "../../lib/engine/catalogue.ts";
import { startWorkers } from "../../lib/engine/workers.ts";
import { locatePackage } from "../../lib/model/locate.ts";
import { enrol, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";
import { ENDS, MORTAL } from "../support/mortal.ts";

/** Deadline of a call, milliseconds; a segmentation takes half a second of a core. */
const DEADLINE = 10_000;
/** Concurrent requests: some run on the workers, the others wait in the queue. */
const REQUESTS = 5;

Deno.test("workers that die during segmentations", async (t) => {
  await using service = await openService(":memory:", { MODEL: "nano" });
  const served = service.services.models.default;
  let lost = 0;
  await using workers = await startWorkers(
    {
      folders: [(await locatePackage("nano", [EMBEDDED_MODELS])).href],
      components: ["encoder", "decoder"],
      runtime: "wasm",
      threads: 1,
      maxPixels: 1e7,
      workers: 2,
      queue: 8,
      tenantQueue: 8,
      batch: 1,
      // A worker that closed silently is noticed at the deadline.
      deadline: DEADLINE,
      startDeadline: 60_000,
      observer: { waited() {}, lost: () => lost++ },
    },
    () =>
      new Worker(import.meta.resolve("../support/mortal_worker.ts"), {
        type: "module",
      }),
  );
  const models = createCatalogue([{
    ...served,
    engineFor: (work) => workers.engineFor(0, work),
  }]);
  const app = createApp({ ...service.services, models });
  equal((await enrol(app, "p", "r")).status, 201);
  const maskOf = async (answer: Response) => (await answer.json()).mask;
  const wanted = await maskOf(await segment(app, "p"));
  using channel = {
    inner: new BroadcastChannel(MORTAL),
    [Symbol.dispose]() {
      this.inner.close();
    },
  };

  let refused = 0;
  const askSeveral = () =>
    Array.from({ length: REQUESTS }, () => segment(app, "p"));
  const judge = async (asked: (Response | Promise<Response>)[]) => {
    for (const answer of await Promise.all(asked)) {
      if (answer.status === 503) {
        refused++;
        ok(answer.headers.has("retry-after"));
        const { type } = await answer.json();
        ok(["/problems/busy", "/problems/too-late"].includes(type), type);
      } else {
        equal(answer.status, 200);
        deepEqual(await maskOf(answer), wanted);
      }
    }
  };
  for (const end of ENDS) {
    await t.step(
      `${end}: answered correctly or with 503, and the next one correctly`,
      async () => {
        const before = lost;
        const asked = askSeveral();
        while (workers.state.busy < 2) await delay(1);
        channel.inner.postMessage(end);
        await judge(asked);
        // A worker may receive the order only once it is idle; the next calls then notice that it died.
        for (let i = 0; lost < before + 2; i++) {
          ok(i < 10, "both died");
          await judge(askSeveral());
        }
        const next = await segment(app, "p");
        equal(next.status, 200);
        deepEqual(await maskOf(next), wanted);
      },
    );
  }
  ok(refused > 0, "some calls were running");
});

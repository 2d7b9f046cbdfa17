import { deepEqual, equal, rejects } from "node:assert/strict";
import { EdgeError } from "../../../lib/core/errors.ts";
import { withDeadline } from "../../../lib/store/deadline.ts";
import { tryCommit } from "../../../lib/store/kv/retry.ts";

const never = () => new Promise<string>(() => {});

Deno.test("silence and failures of a store become errors; its answers and refusals pass through", async () => {
  const asked: unknown[] = [];
  const own = new TypeError("database or disk is full");
  const conflict = new EdgeError("conflict", "a concurrent write won");
  const store = withDeadline({
    get(...args: string[]) {
      asked.push(args);
      return Promise.resolve("found");
    },
    put: never,
    fail: () => Promise.reject(own),
    refuse: () => Promise.reject(conflict),
  }, 20);
  equal(await store.get("a", "b"), "found");
  deepEqual(asked, [["a", "b"]]);
  await rejects(
    store.put(),
    (error) => error instanceof EdgeError && error.code === "busy",
  );
  await rejects(store.fail(), (error: EdgeError) => {
    equal(error.code, "store-unavailable");
    equal(error.message, "The store failed; try again.");
    return error.cause === own;
  });
  await rejects(store.refuse(), (error) => error === conflict);
});

Deno.test("what nobody waits for any more begins no further write", async () => {
  const { promise: stalled, resolve } = Promise.withResolvers<void>();
  let [commits, ended] = [0, false];
  const operation = {
    commit: () => Promise.resolve({ ok: true, versionstamp: `${++commits}` }),
  } as unknown as Deno.AtomicOperation;
  const store = withDeadline({
    async put() {
      try {
        await tryCommit(operation);
        await stalled;
        await tryCommit(operation);
      } finally {
        ended = true;
      }
    },
  }, 20);
  await rejects(store.put(), { code: "busy" });
  equal(commits, 1);
  resolve();
  while (!ended) await new Promise((resolve) => setTimeout(resolve, 1));
  equal(commits, 1);
  // Another call is not concerned.
  equal(await tryCommit(operation), true);
});

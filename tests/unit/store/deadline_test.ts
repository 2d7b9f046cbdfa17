import { deepEqual, equal, rejects } from "node:assert/strict";
import { EdgeError } from "../../../lib/core/errors.ts";
import { withDeadline } from "../../../lib/store/deadline.ts";

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

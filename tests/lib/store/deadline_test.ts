import { deepEqual, equal, rejects } from "node:assert/strict";
import { EdgeError } from "../../../lib/errors.ts";
import { withDeadline } from "../../../lib/store/deadline.ts";

const never = () => new Promise<string>(() => {});

Deno.test("a store that does not answer is given up, one that does is passed through", async () => {
  const asked: unknown[] = [];
  const store = withDeadline({
    get(...args: string[]) {
      asked.push(args);
      return Promise.resolve("found");
    },
    put: never,
    fail: () => Promise.reject(new TypeError("its own error")),
  }, 20);
  equal(await store.get("a", "b"), "found");
  deepEqual(asked, [["a", "b"]]);
  await rejects(
    store.put(),
    (error) => error instanceof EdgeError && error.code === "busy",
  );
  await rejects(store.fail(), /its own error/);
});

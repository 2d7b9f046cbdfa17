import { deepEqual, equal, ok } from "node:assert/strict";
import { SharedRateLimit } from "../../../lib/quota/shared_rate_limit.ts";
import { createShift } from "../../../lib/store/shared/lease.ts";
import { createRateStore } from "../../../lib/store/shared/rate_store.ts";
import { openStore } from "../../support/store.ts";

const PER_MINUTE = 300;
const tag = (caller: string) => Promise.resolve(`tag of ${caller.length}`);

Deno.test("processes that share a limit allow within five percent of it, in bursts and over minutes", async () => {
  await using kv = await openStore();
  let now = 1e6;
  const clock = () => now;
  const store = createRateStore(kv, tag, clock);
  let leases = 0;
  const counted: typeof store = {
    lease: (...asked) => {
      leases++;
      return store.lease(...asked);
    },
  };
  const edges = [1, 2, 3].map(() =>
    new SharedRateLimit(PER_MINUTE, counted, clock)
  );
  let allowed = 0;
  const ask = async (times: number) => {
    const asked = Array.from(
      { length: times },
      (_, i) => edges[i % 3]!.take("k"),
    );
    for (const answer of await Promise.all(asked)) {
      if (answer.allowed) allowed++;
      else ok(answer.retryAfter >= 1);
    }
  };
  const near = (count: number, wanted: number) =>
    ok(Math.abs(count - wanted) <= 0.05 * wanted, `${count} of ${wanted}`);
  await ask(2 * PER_MINUTE);
  near(allowed, PER_MINUTE);
  ok(leases <= PER_MINUTE / 3 + 10, `${leases} leases`);
  allowed = 0;
  for (let second = 0; second < 120; second++) {
    now += 1000;
    await ask(12);
  }
  near(allowed, 2 * PER_MINUTE);
  // Others are not affected, and no name is stored.
  equal((await edges[0]!.take("another")).allowed, true);
  for await (const { key } of kv.list({ prefix: ["rate"] })) {
    ok(String(key[1]).startsWith("tag of"));
  }
});

Deno.test("a dozen processes that lease at once allow no more than the limit", async () => {
  await using kv = await openStore();
  const clock = () => 1e6;
  const store = createRateStore(kv, tag, clock);
  const edges = Array.from(
    { length: 12 },
    () => new SharedRateLimit(PER_MINUTE, store, clock),
  );
  const asked = Array.from(
    { length: 2 * PER_MINUTE },
    (_, i) => edges[i % edges.length]!.take("k"),
  );
  const allowed = (await Promise.all(asked)).filter((answer) => answer.allowed);
  ok(allowed.length <= PER_MINUTE, `${allowed.length} of ${PER_MINUTE}`);
  ok(allowed.length >= 0.88 * PER_MINUTE, `${allowed.length} of ${PER_MINUTE}`);
});

Deno.test("while the store fails, every process counts for itself", async () => {
  const failing = { lease: () => Promise.reject(new Error("away")) };
  const limit = new SharedRateLimit(2, failing, () => 0);
  const allowed = [];
  for (let i = 0; i < 3; i++) allowed.push((await limit.take("k")).allowed);
  deepEqual(allowed, [true, true, false]);
});

Deno.test("a caller that has spent its share has none anew when the store fails", async () => {
  await using kv = await openStore();
  let now = 1e6;
  let isAway = false;
  const clock = () => now;
  const store = createRateStore(kv, tag, clock);
  const limit = new SharedRateLimit(PER_MINUTE, {
    lease: (...asked) =>
      isAway ? Promise.reject(new Error("away")) : store.lease(...asked),
  }, clock);
  const take = async (times: number) => {
    let allowed = 0;
    for (let i = 0; i < times; i++) {
      if ((await limit.take("k")).allowed) allowed++;
    }
    return allowed;
  };
  equal(await take(PER_MINUTE + 10), PER_MINUTE);
  isAway = true;
  now += 2000;
  equal(await take(PER_MINUTE), PER_MINUTE / 30);
  now += 10_000;
  equal(await take(PER_MINUTE), PER_MINUTE / 6);
  isAway = false;
  now += 6000;
  ok(await take(PER_MINUTE) <= PER_MINUTE * 0.4);
});

Deno.test("of several processes one works at a time, not too often, and a dead one is replaced", async () => {
  await using kv = await openStore();
  let now = 1e6;
  const clock = () => now;
  const shifts = [1, 2, 3].map(() => createShift(kv, "test", 60_000, clock));
  let working = 0;
  const work = async () => {
    equal(++working, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    working--;
  };
  const all = async (early = false) => {
    const ran = await Promise.all(
      shifts.map((shift) => shift.run(work, early)),
    );
    return ran.filter(Boolean).length;
  };
  equal(await all(), 1);
  equal(await all(), 0);
  ok(await all(true) >= 1);
  now += 61_000;
  equal(await all(), 1);
  // One that died in its work.
  await kv.set(["lease", "test"], {
    holder: "dead",
    until: now + 30_000,
    next: now,
  });
  equal(await all(true), 0);
  now += 30_001;
  equal(await all(), 1);
});

import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { backoff, retryAfter } from "../../../lib/remote/waiting.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";

Deno.test("a wait is linear in the draw, doubles at most, and never passes its bounds", () => {
  const options = fc.record({
    base: fc.integer({ min: 1, max: 1000 }),
    most: fc.integer({ min: 1, max: 60_000 }),
  });
  const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(fc.nat(2000), options, draw, (round, options, u) => {
    const wait = backoff(round, options, () => u);
    const bound = Math.min(options.most, options.base * 2 ** round);
    equal(wait, u * bound);
    ok(wait >= 0 && wait < bound);
    const next = backoff(round + 1, options, () => u);
    ok(next >= wait && next <= 2 * wait);
  }));
});

Deno.test("full jitter spreads waits over the whole range", () => {
  const random = mulberry32(1);
  const tenths = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const wait = backoff(3, { base: 100, most: 2000 }, random);
    tenths.add(Math.floor(wait / 80));
  }
  equal(tenths.size, 10);
});

Deno.test("Retry-After is read as seconds or a date", () => {
  const wall = Date.UTC(2026, 0, 1);
  equal(retryAfter(null, wall), 0);
  equal(retryAfter("3", wall), 3000);
  equal(retryAfter("soon", wall), 0);
  equal(retryAfter(new Date(wall + 5000).toUTCString(), wall), 5000);
  equal(retryAfter(new Date(wall - 5000).toUTCString(), wall), 0);
});

import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { RateLimit } from "../../../lib/quota/rate_limit.ts";

Deno.test("no caller gets more than its bucket and what time adds, and the wait stated is right", () => {
  const waits = fc.array(fc.nat(4000), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 90 }), waits, (quota, waits) => {
      let now = 0;
      const limit = new RateLimit(quota, () => now);
      let allowed = 0;
      for (const wait of waits) {
        now += wait;
        const told = limit.take("c");
        if (told.allowed) allowed++;
        ok(allowed <= quota + now / 60_000 * quota + 1e-6);
        ok(told.remaining >= 0 && told.remaining < quota);
        equal(told.retryAfter > 0, !told.allowed);
        ok(told.reset >= told.retryAfter && told.reset <= 60);
        if (told.allowed) continue;
        now += told.retryAfter * 1000;
        ok(limit.take("c").allowed, "Retry-After is kept");
        allowed++;
      }
    }),
  );
});

Deno.test("callers do not spend each other's quota", () => {
  const limit = new RateLimit(2, () => 0);
  for (const caller of ["a", "b"]) {
    const said = [1, 2, 3].map(() => limit.take(caller).allowed);
    equal(said.join(), "true,true,false");
  }
});

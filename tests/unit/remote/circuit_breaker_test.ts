import { equal } from "node:assert/strict";
import fc from "fast-check";
import {
  type BreakerState,
  CircuitBreaker,
} from "../../../lib/remote/hosts.ts";

const OPTIONS = { failures: 3, cooldown: 100 };

const step = fc.oneof(
  fc.constant("succeed" as const),
  fc.constant("fail" as const),
  fc.nat(150),
);

Deno.test("a breaker follows its three states, whatever happens", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    let time = 0;
    const breaker = new CircuitBreaker(OPTIONS, () => time);
    let state: BreakerState = "closed";
    let inARow = 0;
    let opened = 0;
    for (const what of steps) {
      if (typeof what === "number") time += what;
      else {
        const passes: boolean = state === "closed" ||
          state === "open" && time >= opened + OPTIONS.cooldown;
        equal(breaker.admits, passes);
        if (!passes) continue;
        const probe: boolean = state === "open";
        breaker.enter();
        if (probe) {
          equal(breaker.state, "half-open");
          equal(breaker.admits, false, "one probe at a time");
        }
        breaker[what]();
        inARow = what === "fail" ? inARow + 1 : 0;
        const opens: boolean = what === "fail" &&
          (probe || inARow >= OPTIONS.failures);
        state = opens ? "open" : "closed";
        if (opens) opened = time;
      }
      equal(breaker.state, state);
    }
  }));
});

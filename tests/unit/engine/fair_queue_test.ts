import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { FairQueue } from "../../../lib/engine/fair_queue.ts";

type Step = { push: string } | { take: number } | { remove: number };

const tenant = fc.constantFrom("a", "b", "c", "d");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ push: tenant }) },
  { weight: 3, arbitrary: fc.record({ take: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ remove: fc.nat(50) }) },
);

Deno.test("what one caller left behind delays the next, of the same tenant, by the item in progress", () => {
  const queue = new FairQueue<string>();
  for (let i = 0; i < 6; i++) queue.push("t", `left ${i}`, "gone");
  equal(queue.take(), "left 0");
  queue.push("t", "own", "next");
  deepEqual([queue.take(), queue.take()], ["own", "left 1"]);
  equal(queue.sizeOf("t"), 4);
});

Deno.test("callers who come back as soon as they are served keep no other waiting", () => {
  const queue = new FairQueue<string>();
  queue.push("t", "patient", "patient");
  queue.push("t", "one", "one");
  const served: string[] = [];
  for (let turn = 0; turn < 6; turn++) {
    const item = queue.take()!;
    served.push(item);
    if (item !== "patient") {
      const other = item === "one" ? "two" : "one";
      queue.push("t", other, other);
    }
    if (turn === 1) queue.push("t", "patient", "patient");
  }
  deepEqual(served, ["patient", "one", "two", "patient", "one", "two"]);
});

Deno.test("whatever comes and goes, each tenant's order holds, and all is counted", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const queue = new FairQueue<{ tenant: string; n: number; kind: number }>();
    const all: { tenant: string; n: number; kind: number }[] = [];
    let waiting: typeof all = [];
    for (const step of steps) {
      if ("push" in step) {
        const item = { tenant: step.push, n: all.length, kind: all.length % 3 };
        all.push(item);
        waiting.push(item);
        queue.push(item.tenant, item);
      } else if ("take" in step) {
        const accepts = ({ kind }: { kind: number }) =>
          step.take === 2 || kind === step.take;
        const got = queue.take(accepts);
        const fitting = waiting.filter(accepts);
        if (fitting.length === 0) {
          equal(got, undefined);
          continue;
        }
        ok(got && accepts(got));
        const first = fitting.find(({ tenant }) => tenant === got.tenant);
        equal(got, first, "the oldest of its tenant");
        waiting = waiting.filter((item) => item !== got);
      } else {
        const item = all[step.remove];
        if (item === undefined) continue;
        equal(queue.remove(item.tenant, item), waiting.includes(item));
        waiting = waiting.filter((one) => one !== item);
      }
      equal(queue.size, waiting.length);
      for (const name of ["a", "b", "c", "d"]) {
        const own = waiting.filter(({ tenant }) => tenant === name);
        equal(queue.sizeOf(name), own.length);
      }
    }
  }));
});

Deno.test("between two turns of a tenant, every other that waits has one", () => {
  const sizes = fc.array(fc.nat(20), { minLength: 1, maxLength: 6 });
  fc.assert(fc.property(sizes, (sizes) => {
    const queue = new FairQueue<number>();
    sizes.forEach((size, tenant) => {
      for (let i = 0; i < size; i++) queue.push(`${tenant}`, tenant);
    });
    const left = [...sizes];
    while (queue.size > 0) {
      const waiting = left.filter((size) => size > 0).length;
      const round = Array.from({ length: waiting }, () => queue.take()!);
      equal(new Set(round).size, waiting);
      for (const tenant of round) left[tenant]--;
    }
    equal(Math.max(...left), 0);
  }));
});

Deno.test("tenants take turns, however much one of them sends", () => {
  const queue = new FairQueue<string>();
  for (let i = 0; i < 100; i++) queue.push("a", `a${i}`);
  for (let i = 0; i < 2; i++) queue.push("b", `b${i}`);
  queue.push("c", "c0");
  const served = Array.from({ length: 6 }, () => queue.take());
  deepEqual(served, ["a0", "b0", "c0", "a1", "b1", "a2"]);
});

import { ok } from "node:assert/strict";
import { createCollector } from "../../../lib/engine/collector.ts";

Deno.test("the collector frees typed arrays that nothing uses any more", () => {
  const collect = createCollector();
  const before = Deno.memoryUsage().external;
  for (let i = 0; i < 32; i++) new Uint8Array(2 ** 20);
  const between = Deno.memoryUsage().external;
  collect();
  const after = Deno.memoryUsage().external;
  const report = [before, between, after].join(" to ");
  ok(between >= before + 30 * 2 ** 20 && after < before + 2 ** 20, report);
});

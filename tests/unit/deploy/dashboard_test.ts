import { ok } from "node:assert/strict";
import { createMetrics } from "../../../lib/telemetry/metrics.ts";
import dashboard from "../../../deploy/grafana.json" with { type: "json" };

Deno.test("the dashboard asks for metrics that are served", async () => {
  const metrics = createMetrics();
  metrics.watchWorkers(() => ({ waiting: 0, idle: 0, busy: 0 }));
  const { text } = await metrics.write();
  const served = new Set(text.match(/^# TYPE \w+/gm)!.map((t) => t.slice(7)));
  for (const { title, targets } of dashboard.panels) {
    for (const { expr } of targets) {
      const asked = expr.match(/\b(p2sam|process|nodejs)_\w+/g);
      ok(asked, title);
      for (const name of asked) {
        const family = name.replace(/_(bucket|count|sum)$/, "");
        ok(served.has(name) || served.has(family), `${title}: ${name}`);
      }
    }
  }
});

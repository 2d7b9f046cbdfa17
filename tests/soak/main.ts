import { parseArgs } from "node:util";
import { Server } from "../support/server.ts";
import { soak } from "./soak.ts";

/** `deno task soak`: a real server under mixed traffic for `--minutes`. */
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    clients: { type: "string", default: "3" },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}, ${values.minutes} minutes`);
const folder = await Deno.makeTempDir();
const kvPath = `${folder}/edge.kv`;
let failures: string[];
try {
  await using server = await Server.start({
    MODEL: "nano",
    KV_PATH: kvPath,
    EMBEDDING_HOURS: "1",
  });
  const report = await soak(server, {
    kvPath,
    seed,
    clients: Number(values.clients),
    ms: Number(values.minutes) * 60_000,
    log: console.log,
  });
  failures = report.failures;
  console.log(JSON.stringify(report.counts));
  console.log(report.summary);
} finally {
  await Deno.remove(folder, { recursive: true });
}
for (const failure of failures) console.log(`FAILED ${failure}`);
Deno.exit(failures.length === 0 ? 0 : 1);

import { parseArgs } from "node:util";
import { openService } from "../support/service.ts";
import { Server } from "../support/server.ts";
import { fuzzParsers, inputOf } from "./parsers.ts";
import { fuzzRoutes, type RouteReport } from "./routes.ts";

/**
 * `deno task fuzz`: mutated inputs for every parser, then requests generated from the OpenAPI document, to the
 * application and to a real server. Prints its seed; a failing input is written to out/fuzz, and `--case` runs it again
 * alone. `--only parsers --target TIFF` draws one parser.
 */
const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    minutes: { type: "string", default: "60" },
    case: { type: "string" },
    only: { type: "string" },
    target: { type: "string" },
  },
});
const seed = Number(values.seed);
const total = Number(values.inputs);
const until = performance.now() + Number(values.minutes) * 60_000;
/** Of every ten inputs, one is a request to the application and one a request to a server. */
const share = values.only === undefined ? Math.ceil(total / 10) : total;
const parsed = values.only === undefined ? total - 2 * share : total;
const log = (line: string) => console.log(`  ${line}`);
const wants = (part: string) =>
  values.only === undefined || values.only === part;
let failures = 0;
let inputs = 0;

console.log(`seed ${seed}, ${total} inputs, ${values.minutes} minutes at most`);
if (wants("parsers")) {
  console.log("parsers");
  const only = values.case === undefined ? {} : { from: Number(values.case) };
  const count = values.case === undefined ? parsed : 1;
  const report = await fuzzParsers({
    inputs: count,
    seed,
    target: values.target,
    until,
    log,
    ...only,
  });
  inputs += report.inputs;
  console.table(
    Object.fromEntries(
      [
        ...new Set([
          ...Object.keys(report.taken),
          ...Object.keys(report.refused),
        ]),
      ].sort()
        .map((
          name,
        ) => [name, {
          taken: report.taken[name] ?? 0,
          refused: report.refused[name] ?? 0,
        }]),
    ),
  );
  console.log(
    `slowest case ${Math.round(report.worst)} ms; ${
      describeMemory(report.memory)
    }`,
  );
  for (const { index, why } of report.failures) {
    const { target, bytes } = await inputOf(seed, index, values.target);
    await Deno.mkdir("out/fuzz", { recursive: true });
    const file = `out/fuzz/${target.replaceAll(" ", "-")}-${seed}-${index}.bin`;
    await Deno.writeFile(file, bytes);
    console.log(`FAILED ${file}: ${why}`);
  }
  failures += report.failures.length;
}
if (wants("routes") && values.case === undefined) {
  console.log("routes, in this process");
  await using service = await openService(":memory:");
  const report = await fuzzRoutes(service.app, {
    inputs: share,
    seed,
    until,
    log,
  });
  summarise(report);
}
if (wants("server") && values.case === undefined) {
  console.log("routes, a real server");
  await using server = await Server.start({ KV_PATH: ":memory:" });
  const report = await fuzzRoutes(server, {
    inputs: share,
    seed: seed + 1,
    until,
    log,
  }, 4);
  summarise(report);
  console.log(
    `resident memory ${
      Math.round(await server.residentMemory() / 2 ** 20)
    } MiB`,
  );
}
console.log(`${inputs} inputs, ${failures} failures, seed ${seed}`);
Deno.exit(failures === 0 ? 0 : 1);

function summarise(
  { inputs: count, statuses, failures: failed, worst }: RouteReport,
): void {
  inputs += count;
  failures += failed.length;
  for (const [key, times] of Object.entries(statuses).sort()) {
    log(`${key}: ${times}`);
  }
  for (const failure of failed) console.log("FAILED", JSON.stringify(failure));
  console.log(`slowest refusal ${Math.round(worst)} ms`);
}

/** Resident memory in the second and in the last fifth of a run. */
function describeMemory(memory: number[]): string {
  const median = (from: number, to: number) => {
    const part = memory.slice(memory.length * from, memory.length * to).sort((
      a,
      b,
    ) => a - b);
    return Math.round((part[part.length >> 1] ?? 0) / 2 ** 20);
  };
  return `resident memory ${median(0.2, 0.4)} MiB early, ${
    median(0.8, 1)
  } MiB late`;
}

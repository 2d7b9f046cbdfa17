/**
 * A real server under more load than it can bear. No answer may be lost or wrong, refusals must be immediate, and after
 * the load the server must recover.
 *
 *     deno run --allow-all tests/soak/overload.ts [--minutes 5] [--times 4] [--queue 8]
 *
 * The capacity is measured first, with one request after another. Then requests arrive at `times` that rate, at random
 * moments (Poisson). Every mask is compared with the one of the quiet server.
 */
import { parseArgs } from "node:util";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { Server } from "../support/server.ts";
import { files, form, visits } from "../support/requests.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    times: { type: "string", default: "4" },
    queue: { type: "string", default: "8" },
  },
});
const DEADLINE_S = 60;
const MEMORY_MIB = 512;
const PATIENT = "p";

/** Visits that differ in one pixel, so that no two have the same content address. */
const images = Array.from({ length: 16 }, (_, i) => {
  const data = visits.second.image.data.slice();
  data[i] ^= 1;
  return encodePng({ ...visits.second.image, data });
});

interface Answer {
  status: number;
  ms: number;
  right: boolean;
  retryAfter: boolean;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const quantile = (numbers: number[], share: number) =>
  numbers.toSorted((a, b) => a - b)[
    Math.min(numbers.length - 1, Math.floor(share * numbers.length))
  ] ?? 0;

const folder = await Deno.makeTempDir();
let failed = 0;
const check = (holds: boolean, text: string) => {
  console.log(`${holds ? "holds" : "FAILS"}: ${text}`);
  if (!holds) failed++;
};
{
  await using server = await Server.start({
    MODEL: "nano",
    KV_PATH: `${folder}/edge.kv`,
    QUEUE: values.queue,
    DEADLINE: `${DEADLINE_S}`,
    THREADS: "1",
  });
  const enrolled = form({ image: files.image, mask: files.mask });
  await (await server.enrol(PATIENT, "r", enrolled)).body?.cancel();
  const maskOf = async (response: Response) =>
    JSON.stringify((await response.json()).mask);

  const known: string[] = [];
  for (const image of images) {
    known.push(await maskOf(await server.segment(PATIENT, image)));
  }
  const quiet = performance.now();
  for (const image of images) {
    await (await server.segment(PATIENT, image)).body?.cancel();
  }
  const each = (performance.now() - quiet) / images.length;
  const memory = await server.residentMemory();
  const rate = Number(values.times) * 1000 / each;
  console.log(
    `capacity ${(1000 / each).toFixed(2)}/s, load ${rate.toFixed(2)}/s`,
  );

  const answers: Answer[] = [];
  const running = new Set<Promise<void>>();
  const ask = async (which: number) => {
    const started = performance.now();
    const response = await server.segment(PATIENT, images[which]);
    const retryAfter = response.headers.has("retry-after");
    const { status } = response;
    const right = status === 200
      ? await maskOf(response) === known[which]
      : (await response.json()).status === status;
    const ms = performance.now() - started;
    answers.push({ status, ms, right, retryAfter });
  };
  let loaded = true;
  const health: number[] = [];
  let peak = memory;
  const watch = async () => {
    while (loaded) {
      const started = performance.now();
      await (await server.request("/healthz")).body?.cancel();
      health.push(performance.now() - started);
      peak = Math.max(peak, await server.residentMemory());
      await pause(50);
    }
  };
  const watching = watch();
  const until = performance.now() + 60_000 * Number(values.minutes);
  let sent = 0;
  while (performance.now() < until) {
    const one = ask(sent++ % images.length);
    running.add(one);
    one.finally(() => running.delete(one));
    await pause(-1000 / rate * Math.log(1 - Math.random()));
  }
  const ended = performance.now();
  await Promise.all(running);
  const drained = performance.now() - ended;
  loaded = false;
  await watching;
  const ready = (await server.json("/readyz")).status;
  const again = performance.now();
  const after = await server.segment(PATIENT, images[0]);
  const afterMs = performance.now() - again;
  const rightAfter = await maskOf(after) === known[0];

  const accepted = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status !== 200);
  const slowest = Math.max(...accepted.map(({ ms }) => ms));
  const refusals = refused.map(({ ms }) => ms);
  console.log(
    `${sent} requests: ${accepted.length} answered, ${refused.length} refused`,
  );
  check(answers.length === sent, "every request was answered");
  check(answers.every(({ right }) => right), "no answer was wrong");
  check(
    refused.every(({ status, retryAfter }) =>
      retryAfter && [429, 503].includes(status)
    ),
    "what was refused got 429 or 503 with Retry-After",
  );
  check(
    quantile(refusals, 1) <= 100,
    `refused within 100 ms: median ${quantile(refusals, 0.5).toFixed(1)}, ` +
      `p99 ${quantile(refusals, 0.99).toFixed(1)}, ` +
      `worst ${quantile(refusals, 1).toFixed(1)} ms`,
  );
  check(
    slowest <= 1000 * DEADLINE_S,
    `accepted within the deadline: slowest ${(slowest / 1000).toFixed(1)} s`,
  );
  check(
    quantile(health, 0.99) <= 50,
    `/healthz p99 ${quantile(health, 0.99).toFixed(1)} ms, ` +
      `worst ${quantile(health, 1).toFixed(1)} ms of ${health.length}`,
  );
  check(
    peak <= MEMORY_MIB * 2 ** 20,
    `resident ${(memory / 2 ** 20).toFixed(0)} MiB before, ` +
      `${(peak / 2 ** 20).toFixed(0)} at most`,
  );
  check(
    drained <= 5000 && ready === 200 && rightAfter && afterMs < 3 * each + 500,
    `recovered: the last answer ${(drained / 1000).toFixed(1)} s after the ` +
      `load, the next one in ${afterMs.toFixed(0)} ms`,
  );
}
await Deno.remove(folder, { recursive: true });
Deno.exit(failed === 0 ? 0 : 1);

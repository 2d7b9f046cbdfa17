/**
 * Throughput and latency of a real server against the number of clients, and how long /healthz takes meanwhile:
 *
 *     deno run --allow-all tests/bench/load.ts [least seconds a row, 4]
 *
 * The clients are wrk's (Debian: apt-get install wrk), each asking again as soon as it is answered. A row takes as long
 * as three turns of its clients, at most half a minute; requests refused as too many are counted separately.
 */
import { drawPicture } from "./reference/picture.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { embeddingOf, form } from "../support/requests.ts";
import { Server } from "../support/server.ts";

const CLIENTS = [1, 2, 4, 8, 16];
const least = Number(Deno.args[0] ?? 4);
const MOST = 30;

interface Asked {
  name: string;
  path: string;
  body: unknown;
}

/** Requests a second and latencies, as wrk states them. */
async function load(
  url: string,
  { path, body }: Asked,
  clients: number,
  seconds: number,
) {
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  const json = JSON.stringify(body).replaceAll("\\", "\\\\").replaceAll(
    '"',
    '\\"',
  );
  await Deno.writeTextFile(
    script,
    `wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = "${json}"\n`,
  );
  const { stdout } = await new Deno.Command("wrk", {
    args: [
      "-t1",
      `-c${clients}`,
      `-d${seconds}s`,
      "--timeout=60s",
      "--latency",
      `-s${script}`,
      url + path,
    ],
  }).output();
  await Deno.remove(script);
  // wrk stops at its deadline, while the server still works on what it had asked for.
  await (await fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })).body?.cancel();
  const text = new TextDecoder().decode(stdout);
  const found = (pattern: RegExp) => pattern.exec(text)?.[1] ?? "0";
  return {
    rate: Number(found(/Requests\/sec:\s+([\d.]+)/)),
    median: found(/^\s+50%\s+(\S+)/m),
    p99: found(/^\s+99%\s+(\S+)/m),
    failed: found(/Non-2xx or 3xx responses: (\d+)/),
  };
}

/** Seconds that one request takes when the server is warm. */
async function secondsOf(url: string, { path, body }: Asked): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 6; i++) {
    const started = performance.now();
    const response = await fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    await response.body?.cancel();
    times.push((performance.now() - started) / 1000);
  }
  return Math.min(...times);
}

/** How long /healthz takes until it is stopped: p99 and the worst, ms. */
function watchHealth(url: string) {
  const delays: number[] = [];
  let running = true;
  const watching = (async () => {
    while (running) {
      const started = performance.now();
      await (await fetch(`${url}/healthz`)).body?.cancel();
      delays.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return async () => {
    running = false;
    await watching;
    delays.sort((a, b) => a - b);
    const p99 = delays[Math.floor(0.99 * (delays.length - 1))];
    return { p99, worst: delays[delays.length - 1] };
  };
}

const folder = await Deno.makeTempDir();
{
  await using server = await Server.start({
    MODEL: "nano",
    KV_PATH: `${folder}/edge.kv`,
  });
  const first = drawPicture(512, 512, 0.1, 1);
  const next = drawPicture(512, 512, 0.12, 2);
  const files = { image: encodePng(first.image), mask: encodePng(first.mask) };
  const enrolled = await server.enrol("p", "r", form(files));
  if (enrolled.status !== 201) throw new Error(await enrolled.text());
  const embedding = await embeddingOf(server, encodePng(next.image));
  const kinds: Asked[] = [
    { name: "prompts", path: "/v1/patients/p/prompts", body: { embedding } },
    {
      name: "decode",
      path: "/v1/masks",
      body: { embedding, points: [{ x: 250, y: 250, label: 1 }] },
    },
    {
      name: "segmentation",
      path: "/v1/patients/p/segmentations",
      body: { embedding },
    },
  ];
  console.log(
    "| request | clients | a second | median | p99 | refused | /healthz p99, ms | worst, ms |\n" +
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
  );
  for (const kind of kinds) {
    const single = await secondsOf(server.url, kind);
    for (const clients of CLIENTS) {
      const seconds = Math.ceil(
        Math.min(MOST, Math.max(least, 3 * clients * single)),
      );
      const stop = watchHealth(server.url);
      const { rate, median, p99, failed } = await load(
        server.url,
        kind,
        clients,
        seconds,
      );
      const health = await stop();
      console.log(
        `| ${kind.name} | ${clients} | ${
          rate.toFixed(1)
        } | ${median} | ${p99} | ${failed} | ${health.p99.toFixed(1)} | ${
          health.worst.toFixed(1)
        } |`,
      );
    }
  }
}
await Deno.remove(folder, { recursive: true });

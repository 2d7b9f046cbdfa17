import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import type { EmbeddingFile } from "../../../lib/engine/engine.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import {
  createEncodeClient,
  type EncodeClientOptions,
} from "../../../lib/remote/encode_client.ts";
import { files } from "../../support/requests.ts";
import { workOf } from "../../support/work.ts";

const OPTIONS: EncodeClientOptions = {
  urls: [new URL("http://a/"), new URL("http://b/base/")],
  token: "s3cret",
  tries: 6,
  timeout: 1000,
  deadline: 10_000,
  maxBytes: 1000,
  backoff: { base: 100, most: 1000 },
  breaker: { failures: 3, cooldown: 5000 },
};

type Host = (request: Request) => Response | Promise<Response>;

/** A world whose time passes only while somebody sleeps, and whose hosts are functions. */
function createWorld(hosts: Record<string, Host>) {
  let time = 0;
  const asked: string[] = [];
  const sleepers = new Set<{ until: number; wake: () => void }>();
  let pumping = false;
  /** Lets time jump to the next sleeper once nothing else is to be done. */
  const pump = async () => {
    if (pumping) return;
    pumping = true;
    while (sleepers.size > 0) {
      for (let i = 0; i < 3; i++) await new Promise((r) => setTimeout(r));
      const [next] = [...sleepers].sort((a, b) => a.until - b.until);
      if (next === undefined) break;
      time = Math.max(time, next.until);
      next.wake();
    }
    pumping = false;
  };
  return {
    asked,
    pass: (ms: number) => time += ms,
    fetch: ((input: URL, init: RequestInit) => {
      const { host } = new URL(input);
      asked.push(host);
      const answer = Promise.try(
        hosts[host],
        new Request(input, init),
      );
      const stopped = new Promise<never>((_, reject) =>
        init.signal!.addEventListener(
          "abort",
          () => reject(new DOMException("stopped", "AbortError")),
        )
      );
      return Promise.race([answer, stopped]);
    }) as typeof fetch,
    clock: {
      now: () => time,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => {
          const sleeper = {
            until: time + ms,
            wake: () => {
              sleepers.delete(sleeper);
              resolve();
            },
          };
          if (signal?.aborted) return resolve();
          signal?.addEventListener("abort", sleeper.wake);
          sleepers.add(sleeper);
          pump();
        }),
    },
    random: () => 0.5,
    wall: () => time,
  };
}

const answer: Host = () => new Response("embedding");
const dead: Host = () => {
  throw new TypeError("connection refused");
};
const busy = (headers: HeadersInit = {}): Host => () =>
  new Response("{}", { status: 503, headers });
const problem = (status: number, type: string): Host => () =>
  Response.json({ type, title: "t", status, detail: "what is wrong" }, {
    status,
  });

function client(
  hosts: Record<string, Host>,
  options: Partial<EncodeClientOptions> = {},
) {
  const world = createWorld(hosts);
  const made = createEncodeClient({ ...OPTIONS, ...options }, world);
  const check = (bytes: Uint8Array<ArrayBuffer>): Promise<EmbeddingFile> =>
    Promise.resolve({ bytes, image: { width: 1, height: 1 } });
  return {
    world,
    available: () => made.available,
    embed: (
      bytes = files.image,
      accept = check,
      frame?: number,
      work = workOf("t"),
    ) =>
      made.embed({
        work,
        input: {
          bytes,
          mediaType: "image/png",
          ...(frame !== undefined && { frame }),
        },
        model: "nano",
        check: accept,
      }),
  };
}

const image = (i: number) => new TextEncoder().encode(`image ${i}`);
const unavailable = { code: "encode-unavailable" };

Deno.test("an image goes as it is, with its type and the token, to the model's address", async () => {
  let seen: Request;
  const { embed } = client({
    "b": (request) => {
      seen = request;
      return answer(request);
    },
  }, { urls: OPTIONS.urls.slice(1) });
  deepEqual(
    new TextDecoder().decode((await embed()).bytes),
    "embedding",
  );
  equal(seen!.url, "http://b/base/v1/embeddings?model=nano");
  equal(seen!.method, "POST");
  equal(seen!.redirect, "manual");
  equal(seen!.headers.get("content-type"), "image/png");
  equal(seen!.headers.get("accept"), "application/x-safetensors");
  equal(seen!.headers.get("authorization"), "Bearer s3cret");
  equal(seen!.headers.get("x-tenant"), "t");
  deepEqual(await seen!.bytes(), files.image);
  await embed(files.image, undefined, 0);
  equal(seen!.url, "http://b/base/v1/embeddings?model=nano&frame=0");
});

Deno.test("a file keeps its host, files spread, and a lost host moves its own files only", async () => {
  const both = client({ a: answer, b: answer });
  for (let i = 0; i < 64; i++) await both.embed(image(i));
  const homes = [...both.world.asked];
  const onA = homes.filter((host) => host === "a").length;
  ok(onA > 16 && onA < 48, `${onA} of 64 files on one of two hosts`);
  for (let i = 0; i < 64; i++) await both.embed(image(i));
  deepEqual(both.world.asked.slice(64), homes);
  const one = client({ a: answer, b: dead });
  for (let i = 0; i < 64; i++) await one.embed(image(i));
  equal(one.world.asked.filter((host) => host === "a").length, 64);
  equal(one.world.asked.filter((host) => host === "b").length, 3, "opened");
});

Deno.test("no host is asked twice before the other, though the clock ticks at every reading", async () => {
  const { embed, world } = client({ a: dead, b: answer }, {
    breaker: { failures: 99, cooldown: 1 },
  });
  const { now } = world.clock;
  let readings = 0;
  world.clock.now = () => now() + ++readings / 1000;
  for (let i = 0; i < 16; i++) await embed(image(i));
  equal(world.asked.filter((host) => host === "b").length, 16);
  const onA = world.asked.filter((host) => host === "a").length;
  ok(onA > 2 && onA <= 16, `${onA} tries of a dead host for 16 files`);
});

Deno.test("the other host is asked at once, and the tries and waits are bounded", async () => {
  const { embed, world, available } = client({ a: dead, b: dead }, {
    breaker: { failures: 99, cooldown: 1 },
  });
  await rejects(embed(), unavailable);
  equal(world.asked.length, OPTIONS.tries);
  deepEqual(world.asked.slice(0, 2).sort(), ["a", "b"]);
  equal(world.clock.now(), 0.5 * 100 + 0.5 * 200, "two waits, half of each");
  ok(available());
});

Deno.test("with all circuits open it refuses at once, and a probe brings recovery", async () => {
  const hosts: Record<string, Host> = { a: dead, b: dead };
  const { embed, world, available } = client(hosts);
  await rejects(embed(), unavailable);
  equal(available(), false);
  const before = world.asked.length;
  await rejects(embed(), unavailable);
  equal(world.asked.length, before);
  hosts.a = hosts.b = answer;
  world.pass(OPTIONS.breaker.cooldown);
  equal(available(), true);
  await embed();
  equal(world.asked.length, before + 1);
});

Deno.test("a hanging host is left at its time-out, all tries at the deadline", async () => {
  const hang = () => new Promise<Response>(() => {});
  const { embed, world } = client({ a: hang, b: hang }, { deadline: 2500 });
  await rejects(embed(), unavailable);
  ok(world.clock.now() <= 2500, `${world.clock.now()} ms`);
  equal(world.asked.length, 3);
});

Deno.test("Retry-After is honoured within the deadline, and ends the tries past it", async () => {
  let calls = 0;
  const later = (seconds: number): Host => (request) =>
    calls++ === 0
      ? busy({ "retry-after": String(seconds) })(request)
      : answer(request);
  const urls = OPTIONS.urls.slice(0, 1);
  const soon = client({ a: later(3) }, { urls });
  await soon.embed();
  ok(soon.world.clock.now() >= 3000);
  calls = 0;
  const late = client({ a: later(30) }, { urls });
  await rejects(late.embed(), unavailable);
  equal(late.world.asked.length, 1);
});

Deno.test("a host's problem about the image is the answer, without another try", async () => {
  for (
    const [status, code] of [
      [400, "empty"],
      [413, "too-large"],
      [413, "too-many-bytes"],
      [415, "unsupported-type"],
      [422, "malformed"],
      [422, "truncated"],
    ] as const
  ) {
    const refuse = problem(status, `/problems/${code}`);
    const { embed, world, available } = client({ a: refuse, b: refuse });
    await rejects(embed(), { code, message: "what is wrong" });
    equal(world.asked.length, 1);
    ok(available());
  }
});

Deno.test("a host's other refusals are no fault of the image", async () => {
  const odd: Record<string, Host> = {
    "unknown model": problem(422, "/problems/invalid-input"),
    "wrong token": problem(401, "/problems/unauthorized"),
    "no such route": () => new Response("<html>", { status: 404 }),
    "a redirect": () =>
      new Response(null, { status: 302, headers: { location: "http://c/" } }),
    "an endless answer": () => new Response("x".repeat(2000)),
    "a failure with a tale": problem(500, "/problems/truncated"),
  };
  for (const [name, host] of Object.entries(odd)) {
    const { embed, world } = client({ a: host, b: host });
    await rejects(embed(), (error: EdgeError) => {
      equal(error.code, "encode-unavailable", name);
      match(error.message, /^(No|The) encode host/);
      ok(!/s3cret|http/.test(error.message));
      return true;
    });
    ok(!world.asked.includes("c"));
  }
});

Deno.test("an answer that is no embedding of the model sends the image to the other host", async () => {
  const { embed, world } = client({ a: answer, b: answer });
  let checks = 0;
  await embed(files.image, (bytes) => {
    if (checks++ === 0) throw new EdgeError("model-mismatch", "another model");
    return Promise.resolve({ bytes, image: { width: 1, height: 1 } });
  });
  deepEqual([...world.asked].sort(), ["a", "b"]);
  const full = new EdgeError("busy", "The local queue is full.");
  await rejects(embed(files.image, () => Promise.reject(full)), full);
});

Deno.test("while one of two hosts answers, no image is lost, whatever the other does", async () => {
  const fault = fc.constantFrom<Host>(
    dead,
    busy(),
    busy({ "retry-after": "1" }),
    busy({ "retry-after": "9999" }),
    () => new Promise<Response>(() => {}),
    () => new Response("x".repeat(2000)),
    () => new Response(null, { status: 302 }),
    answer,
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { minLength: 1, maxLength: 12 }),
      async (faults) => {
        let turn = 0;
        const { embed } = client({
          a: answer,
          b: (request) => faults[turn++ % faults.length](request),
        });
        for (let i = 0; i < 12; i++) await embed(image(i));
      },
    ),
    { numRuns: 25 },
  );
});

Deno.test("a caller that goes away ends the exchange, and is no fault of the host", async () => {
  let caller: AbortController;
  const { embed, available, world } = client({
    a: async () => {
      await Promise.resolve();
      caller.abort();
      return await new Promise<never>(() => {});
    },
  }, { urls: OPTIONS.urls.slice(0, 1) });
  for (let i = 0; i < 2 * OPTIONS.breaker.failures; i++) {
    caller = new AbortController();
    const work = workOf("t", caller.signal);
    const given = embed(image(i), undefined, undefined, work);
    await rejects(given, { code: "given-up" });
  }
  equal(world.asked.length, 2 * OPTIONS.breaker.failures);
  equal(available(), true);
});

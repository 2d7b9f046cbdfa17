import { isDeepStrictEqual, parseArgs } from "node:util";
import { deepEqual, equal, ok } from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { mintKey } from "../../lib/access/api_keys.ts";
import { DEFAULT_TENANT, SCOPES } from "../../lib/access/caller.ts";
import { Haproxy, hasHaproxy } from "../support/haproxy.ts";
import { operatorKey, stated } from "../support/operator_key.ts";
import { freePort, hasPostgres, Postgres } from "../support/postgres.ts";
import { files, form } from "../support/requests.ts";
import type { Server } from "../support/server.ts";
import { EncodeHosts } from "../support/split.ts";

/**
 * A whole fleet on one machine: three edges behind haproxy, two encode hosts, PostgreSQL with a standby that
 * acknowledges every commit. Traffic runs while each part is killed in turn, the primary with promotion.
 *
 *     deno run -A soak/fleet.ts --minutes 20 --model nano
 */
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    model: { type: "string" },
    clients: { type: "string", default: "3" },
    rate: { type: "string", default: "600" },
  },
});
if (!hasPostgres || !hasHaproxy) {
  throw new Error(
    "The fleet needs PostgreSQL and haproxy: apt-get install postgresql haproxy.",
  );
}

const RATE = Number(values.rate);
const CLIENTS = Number(values.clients);
/** How long a dead part stays away, and how long the fleet then runs undisturbed, milliseconds. */
const [AWAY_MS, CALM_MS] = [5000, 12_000];

/** Acknowledged by the fleet: whether a patient is enrolled; undefined where a failed request leaves it open. */
type Held = Map<string, boolean | undefined>;

const failures: string[] = [];
const counts: Record<string, number> = {};
const count = (what: string) => counts[what] = (counts[what] ?? 0) + 1;
/** When the requests that failed were sent, milliseconds. */
const failed: number[] = [];
const say = (line: string) =>
  console.log(`${(performance.now() / 1000).toFixed(1)} s: ${line}`);

const names = [
  "probe",
  "limited",
  ...Array.from({ length: CLIENTS }, (_, i) => `client-${i}`),
];
const keys = names.map((name) => mintKey(name, DEFAULT_TENANT, SCOPES));
const headers = Object.fromEntries(
  keys.map(({ secret }, i) => [names[i]!, { "x-api-key": secret }]),
);

await using stack = new AsyncDisposableStack();
const model: Record<string, string> = values.model === undefined
  ? {}
  : { MODEL: values.model };
const SYNCHRONOUS = [
  "synchronous_standby_names=standby",
  "max_connections=100",
];
let primary = await Postgres.start([...SYNCHRONOUS.slice(1)]);
let standby = await primary.standby(SYNCHRONOUS.slice(1));
standby.primary = false;
await primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
await primary.sql("SELECT pg_reload_conf()");
stack.defer(async () => {
  await primary[Symbol.asyncDispose]();
  await standby[Symbol.asyncDispose]();
});

/** Answers as Patroni does: whether the server at a place is the primary. */
const places = [primary, standby];
const checks = places.map((_, i) =>
  Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(null, { status: places[i]!.primary ? 200 : 503 }),
  )
);
for (const check of checks) stack.defer(() => check.shutdown());

const hosts = await EncodeHosts.start(2, model);
stack.use(hosts);
const ports = [freePort(), freePort(), freePort()];
const balancer = await Haproxy.start(
  ports.map((port) => ({ port })),
  places.map(({ port }, i) => ({ port, checkPort: checks[i]!.addr.port })),
  [freePort(), freePort()],
);
stack.use(balancer);
const url = `http://127.0.0.1:${balancer.http}`;
await until(() => canConnect(balancer.tcp), "haproxy listens");

const startEdge = (i: number) =>
  hosts.edge(`postgres://postgres@127.0.0.1:${balancer.tcp}/postgres`, {
    ...model,
    PORT: `${ports[i]}`,
    API_KEYS: keys.map(({ entry }) => entry).join(),
    OPERATOR_KEYS: stated(operatorKey("k1")),
    RATE_LIMIT: `${RATE}`,
    DEADLINE: "20",
    ENCODE_TIMEOUT: "10",
    TENANT_SHARE: "100",
  });
const edges: Server[] = [];
stack.defer(async () => {
  for (const edge of edges) await edge.kill();
});
await delay(1000);
for (const i of ports.keys()) edges.push(await startEdge(i));
say("the fleet is up");

/** Sends a request; null for a failure, which must be a 503 with Retry-After. */
async function ask(
  client: string,
  path: string,
  init: RequestInit = {},
  at = url,
): Promise<Response | null> {
  const began = performance.now();
  const response = await fetch(at + path, {
    ...init,
    headers: headers[client]!,
  })
    .catch((error) => error as Error);
  if (response instanceof Response) {
    const { status } = response;
    if (status === 429) {
      await response.body?.cancel();
      await delay(1000 * Number(response.headers.get("retry-after") ?? 1));
      return await ask(client, path, init, at);
    }
    if (status < 500) return response;
    if (
      status !== 503 || !/^\d+$/.test(response.headers.get("retry-after") ?? "")
    ) {
      failures.push(
        `${init.method ?? "GET"} ${path}: ${status} ${await response.text()}`,
      );
    } else await response.body?.cancel();
    count("503");
  } else {
    failures.push(`${init.method ?? "GET"} ${path}: ${response.message}`);
  }
  failed.push(began);
  return null;
}

const enrolment = () => ({
  method: "PUT",
  body: form({ image: files.image, mask: files.mask }),
});
const image = () => ({ method: "POST", body: files.next });

async function maskOf(client: string, patient: string): Promise<unknown> {
  const path = `/v1/patients/${patient}/segmentations`;
  const response = await ask(client, path, image());
  if (response === null) return null;
  const { status } = response;
  const body = await response.json();
  if (status !== 200) throw new Error(`segmentation: ${status} ${body.detail}`);
  return body.mask;
}

/** Enrols, segments and erases patients of its own, and keeps account of them. */
async function live(client: string, held: Held, running: () => boolean) {
  for (let n = 0; running(); n++) {
    const patient = `${client}-${n}`;
    const path = `/v1/patients/${patient}`;
    try {
      for (let done = false; !done && running();) {
        held.set(patient, undefined);
        const enrolled = await ask(client, `${path}/references/r`, enrolment());
        await enrolled?.body?.cancel();
        done = enrolled?.ok ?? false;
        if (done) held.set(patient, true);
        else if (enrolled !== null) {
          throw new Error(`enrolment: ${enrolled.status}`);
        } else await delay(500);
      }
      const mask = await maskOf(client, patient);
      if (mask !== null && !isDeepStrictEqual(mask, known)) {
        throw new Error("a wrong mask");
      }
      count("lives");
      if (n % 3 !== 0) continue;
      for (let done = false; !done && running();) {
        held.set(patient, undefined);
        const erased = await ask(client, path, { method: "DELETE" });
        await erased?.body?.cancel();
        // Where the answer to an erasure was lost, there is nothing left to erase.
        done = erased !== null && [204, 404].includes(erased.status);
        if (done) held.set(patient, false);
        else if (erased !== null) throw new Error(`erasure: ${erased.status}`);
        else await delay(500);
      }
      if (held.get(patient) !== false) continue;
      const after = await ask(client, path);
      await after?.body?.cancel();
      if (after !== null && after.status !== 404) {
        throw new Error(`erased, and then ${after.status}`);
      }
      count("erasures");
    } catch (error) {
      failures.push(`${patient}: ${(error as Error).message}`);
    }
  }
}

/** The parts, and how each is killed and comes back. Seconds of a promotion are its own. */
const kills: [string, () => Promise<number>][] = [
  ...[0, 1, 2].map((
    i,
  ): [string, () => Promise<number>] => [`edge ${i}`, async () => {
    await edges[i]!.kill();
    later(async () => {
      edges[i] = await startEdge(i);
    });
    return 0;
  }]),
  ...[0, 1].map((
    i,
  ): [string, () => Promise<number>] => [`encode host ${i}`, async () => {
    await hosts.hosts[i]!.kill();
    later(() => hosts.restart(i));
    return 0;
  }]),
  ["the standby", async () => {
    await standby.kill();
    // The primary acknowledges nothing without it.
    await standby.begin();
    return 0;
  }],
  ["the primary", async () => {
    const [old, next] = [primary, standby];
    old.primary = false;
    await old.kill();
    const started = performance.now();
    await next.promote();
    await next.sql("ALTER SYSTEM RESET synchronous_standby_names");
    await next.sql("SELECT pg_reload_conf()");
    next.primary = true;
    const took = performance.now() - started;
    later(async () => {
      const fresh = await next.standby(next.settings, old.port);
      fresh.primary = false;
      places[places.indexOf(old)] = fresh;
      await old[Symbol.asyncDispose]();
      await next.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
      await next.sql("SELECT pg_reload_conf()");
      [primary, standby] = [next, fresh];
    });
    return took;
  }],
];
/** An edge, the primary, an encode host, the standby, and then the others. */
const ORDER = [0, 6, 3, 5, 1, 4, 2];
let returning: Promise<void> = Promise.resolve();
function later(act: () => Promise<unknown>): void {
  returning = delay(AWAY_MS).then(act).then(() => {});
}

// The known answer, and then traffic.
await until(
  async () =>
    (await ask("probe", "/v1/patients/known/references/r", enrolment()))?.ok ??
      false,
  "the fleet enrols",
);
const known = await maskOf("probe", "known");
ok(known);
failed.length = 0;
failures.length = 0;
const held: Held = new Map([["known", true]]);
const ends = performance.now() + 60_000 * Number(values.minutes);
let busy = true;
const clients = names.slice(2).map((name) => live(name, held, () => busy));
const recoveries: string[] = [];
for (let turn = 0; performance.now() < ends; turn++) {
  await delay(3000);
  const [name, kill] = kills[ORDER[turn % kills.length]!]!;
  const killed = performance.now();
  const own = await kill();
  await returning;
  await delay(CALM_MS);
  // What was asked before the kill may fail by it, whenever it is answered.
  const after = failed.filter((began) => began > killed);
  const recovery = after.length === 0 ? 0 : Math.max(...after) - killed - own;
  recoveries.push(name);
  say(
    `${name} killed: ${after.length} requests failed, the last ${
      (Math.max(0, recovery) / 1000).toFixed(1)
    } s after it` +
      (own > 0 ? `, besides ${(own / 1000).toFixed(1)} s of promotion` : "") +
      `; ${JSON.stringify(counts)}`,
  );
  if (recovery > 10_000) {
    failures.push(`${name}: recovered after ${recovery} ms`);
  }
}
busy = false;
await Promise.all(clients);

// What was acknowledged, at each edge.
const patients = [...held];
for (const [i, edge] of edges.entries()) {
  for (const [patient, enrolled] of patients) {
    if (enrolled === undefined) continue;
    const response = await ask(
      "probe",
      `/v1/patients/${patient}`,
      {},
      edge.url,
    );
    if (response === null) {
      failures.push(`edge ${i} does not answer for ${patient}`);
      continue;
    }
    const body = await response.json();
    if (response.status !== (enrolled ? 200 : 404)) {
      failures.push(
        `edge ${i}: ${patient} is ${response.status}, ${
          enrolled ? "lost" : "back"
        }`,
      );
    } else if (enrolled) equal(body.references.length, 1);
  }
}
for (const [patient, enrolled] of patients.slice(-20)) {
  if (enrolled) deepEqual(await maskOf("probe", patient), known);
}

// The shared limit: what a full bucket holds, and what fills it meanwhile.
const started = performance.now();
let allowed = 0;
let refused = 0;
const spend = async () => {
  while (refused < 60) {
    const response = await fetch(`${url}/v1/patients/nobody`, {
      headers: headers.limited!,
    });
    await response.body?.cancel();
    if (response.status === 429) refused++;
    else if (response.status === 404) allowed++;
  }
};
await Promise.all([1, 2, 3, 4, 5, 6].map(spend));
const wanted = RATE * (1 + (performance.now() - started) / 60_000);
say(`shared limit: ${allowed} of ${wanted.toFixed(0)} requests allowed`);
if (Math.abs(allowed - wanted) > 0.05 * wanted) {
  failures.push("the shared limit is off");
}

say(
  `${patients.length} patients, ${recoveries.length} kills, ${
    JSON.stringify(counts)
  }`,
);
for (const failure of failures) console.log(`FAILED ${failure}`);
await stack.disposeAsync();
Deno.exit(failures.length === 0 ? 0 : 1);

async function canConnect(port: number): Promise<boolean> {
  return await Deno.connect({ hostname: "127.0.0.1", port })
    .then((connection) => (connection.close(), true), () => false);
}

async function until(isSo: () => Promise<boolean>, what: string) {
  const late = performance.now() + 60_000;
  while (!await isSo()) {
    if (performance.now() > late) {
      throw new Error(`Not so after a minute: ${what}.`);
    }
    await delay(200);
  }
}

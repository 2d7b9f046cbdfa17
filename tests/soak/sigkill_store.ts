import { deepEqual, equal, ok } from "node:assert/strict";
import { mulberry32 } from "../../lib/numerics/random.ts";
import { openAudit } from "../../lib/store/audit/audit_store.ts";
import { verifyTrail } from "../../lib/store/audit/hash_chain.ts";
import { openKeyring } from "../../lib/store/encryption/keyring.ts";
import { createPatientStore } from "../../lib/store/patient_store.ts";
import { RecordStore } from "../../lib/store/records/record_store.ts";
import {
  type DatabaseServer,
  withDatabase,
} from "../support/database_server.ts";
import { inFolder } from "../support/in_folder.ts";
import { operatorKey } from "../support/operator_key.ts";
import { openStore } from "../support/store.ts";
import type { Kv } from "../../lib/store/kv/kv.ts";

/** The longest time between the first write of a process and its kill, milliseconds. */
const KILL_WITHIN = 1500;
const TENANT = "t";
const NAMES = ["x", "y", "z"];

/** What the patients hold: the number of a write by `patient/name`. */
type Held = Record<string, number>;

/** One change, which the process reports before and after it. */
type Step =
  | { put: string[]; n: number }
  | { take: string }
  | { erase: string };

function apply(held: Held, step: Step): Held {
  const after = { ...held };
  if ("put" in step) { for (const path of step.put) after[path] = step.n; }
  else if ("take" in step) delete after[step.take];
  else {
    for (const path of Object.keys(after)) {
      if (path.startsWith(`${step.erase}/`)) delete after[path];
    }
  }
  return after;
}

/** Bytes whose length and value are those of this write alone. */
const bytesOf = (n: number) =>
  new Uint8Array(1000 + (n * 7919) % 900_000).fill(n % 251);

async function openStores(kv: Kv, sealed: boolean) {
  const keys = sealed ? [operatorKey("k1")] : [];
  const keyring = await openKeyring(kv, keys);
  const records = new RecordStore(kv, { keyring });
  return { records, audit: await openAudit(kv, keyring), keyring };
}

/** The work of the process that is killed: endless changes, each reported before and after. */
async function work(path: string, sealed: boolean, seed: number) {
  await using kv = await openStore(path);
  const { records, audit } = await openStores(kv, sealed);
  const patients = createPatientStore(records, 1e8);
  await records.sweep();
  const random = mulberry32(seed);
  const pick = <T>(from: T[]) => from[Math.floor(random() * from.length)];
  for (let n = seed * 1000;; n++) {
    const patient = pick(["a", "b"]);
    const step: Step = random() < 0.15
      ? { erase: patient }
      : random() < 0.15
      ? { take: `${patient}/${pick(NAMES)}` }
      : random() < 0.2
      ? { put: NAMES.map((name) => `${patient}/${name}`), n }
      : { put: [`${patient}/${pick(NAMES)}`], n };
    const event = {
      caller: "c",
      operation: "o",
      names: [],
      phase: "begun" as const,
      status: null,
      request: `${n}`,
    };
    await audit.append(TENANT, event);
    console.log(JSON.stringify({ begun: step, n }));
    if ("erase" in step) await records.erase(TENANT, step.erase);
    else if ("take" in step) await records.delete(keyOf(step.take));
    else {
      const id = `embedding ${n % 5}`;
      await patients.link(TENANT, patient, id, true);
      await records.put(["embedding", TENANT, id], {
        record: { n },
        bytes: bytesOf(n),
      }, 1e8);
      await patients.confirmLink(TENANT, patient, id);
      await records.putAll(step.put.map((path) => ({
        key: keyOf(path),
        record: { n },
        bytes: bytesOf(n),
      })));
    }
    console.log(JSON.stringify({ done: step, n }));
  }
}

function keyOf(path: string): Deno.KvKey {
  return ["reference", TENANT, ...path.split("/")];
}

export interface KillStores {
  kills: number;
  seed: number;
  sealed: boolean;
  /** The `KV_PATH` of an empty database; a file by default. */
  path?: string;
  /** Waits until the database has done what a killed process had sent it. */
  settle?(): Promise<void>;
  /** The server of the database: it is killed together with the process. */
  server?: DatabaseServer;
}

/**
 * Kills a process with SIGKILL at random moments while it stores, imports, removes and erases, and inspects the
 * database after each kill.
 *
 * @returns how many changes were acknowledged, and how many of those cut off had taken effect (`done`) or not.
 * @throws AssertionError for anything torn, lost, or back after its erasure.
 */
export function killStores(
  { kills, seed, sealed, settle, server, path: given }: KillStores,
): Promise<{ acknowledged: number; done: number; not: number }> {
  return inFolder(async (folder) => {
    const path = given ?? `${folder}/kv`;
    const random = mulberry32(seed);
    const tally = { acknowledged: 0, done: 0, not: 0 };
    const audited = new Set<string>();
    let held: Held = {};
    for (let kill = 1; kill <= kills; kill++) {
      const { steps, begun, requests } = await oneLife(
        [path, `${sealed}`, `${seed + kill}`],
        random() * KILL_WITHIN,
        server,
      );
      for (const step of steps) held = apply(held, step);
      for (const request of requests) audited.add(request);
      tally.acknowledged += steps.length;

      await server?.begin();
      await settle?.();
      await using kv = await openStore(path);
      const { records, audit } = await openStores(kv, sealed);
      await records.sweep();
      const found: Held = {};
      for (const patient of ["a", "b"]) {
        const prefix = ["reference", TENANT, patient];
        for (const { key } of await records.list(prefix)) {
          const { record, bytes } = (await records.get<{ n: number }>(key))!;
          deepEqual(bytes, bytesOf(record.n), "torn");
          found[`${patient}/${String(key[3])}`] = record.n;
        }
      }
      if (begun !== null && !isSame(found, held)) {
        held = apply(held, begun);
        tally.done++;
      } else if (begun !== null) tally.not++;
      deepEqual(found, held, "lost, or back");
      await requireTidy(kv, found, sealed);
      const trail = await audit.read(TENANT, { limit: 100_000 });
      await verifyTrail(trail);
      const recorded = new Set(trail.map(({ request }) => request));
      for (const request of audited) {
        ok(recorded.has(request), "not in the trail");
      }
    }
    return tally;
  });
}

/** Runs the process until it is killed: what it acknowledged, and what it had begun. */
async function oneLife(args: string[], after: number, server?: DatabaseServer) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", import.meta.url, "work", ...args],
    stdout: "piped",
    // Without its database it ends with an error.
    stderr: server === undefined ? "inherit" : "null",
  }).spawn();
  const steps: Step[] = [];
  const requests: string[] = [];
  let begun: Step | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let text = "";
  for await (
    const part of process.stdout.pipeThrough(new TextDecoderStream())
  ) {
    timer ??= setTimeout(async () => {
      await server?.kill();
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended already: its database is gone.
      }
    }, after);
    text += part;
    for (let end; (end = text.indexOf("\n")) >= 0; text = text.slice(end + 1)) {
      const line = JSON.parse(text.slice(0, end));
      requests.push(`${line.n}`);
      begun = line.begun ?? null;
      if (line.done !== undefined) steps.push(line.done);
    }
  }
  clearTimeout(timer);
  const { signal } = await process.status;
  if (server === undefined) equal(signal, "SIGKILL");
  return { steps, begun, requests };
}

/** Asserts that no bytes, keys or embeddings are orphaned. */
async function requireTidy(
  kv: Kv,
  held: Held,
  sealed: boolean,
): Promise<void> {
  const later = new RecordStore(kv, {
    now: () => Date.now() + 61_000,
    keyring: await openKeyring(kv, sealed ? [operatorKey("k1")] : []),
  });
  await later.sweep();
  const versions = new Set<unknown>();
  const kinds = new Map<string, number>();
  for await (const { key, value } of kv.list({ prefix: [] })) {
    const [kind, first] = key as string[];
    const name = kind === "datakey" ? `${kind} ${first}` : kind;
    kinds.set(name, (kinds.get(name) ?? 0) + 1);
    versions.add((value as { version?: string })?.version);
  }
  for (const kind of ["pending", "erasing"]) equal(kinds.get(kind), undefined);
  equal(kinds.get("reference") ?? 0, Object.keys(held).length);
  if (sealed) {
    equal(kinds.get("datakey embedding"), kinds.get("embedding"));
  }
  for await (const { key } of kv.list({ prefix: ["chunk"] })) {
    ok(versions.has(key[1]), "a chunk belongs to no record");
  }
}

function isSame(a: Held, b: Held): boolean {
  const text = (held: Held) => JSON.stringify(Object.entries(held).sort());
  return text(a) === text(b);
}

if (import.meta.main) {
  const [command = "200", ...args] = Deno.args;
  if (command === "work") {
    const [path, sealed, seed] = args;
    await work(path, sealed === "true", Number(seed));
  }
  const [database, victim] = args;
  for (const sealed of [true, false]) {
    const options = { kills: Number(command) / 2, seed: 1, sealed };
    const tally = database === undefined
      ? await killStores(options)
      : await withDatabase(database, (server) =>
        killStores({
          ...options,
          path: server.path,
          settle: () => server.settle(),
          ...(victim === "server" && { server }),
        }));
    console.log(sealed ? "sealed:" : "in the clear:", JSON.stringify(tally));
  }
}
